// The contract of peers.py with Go's net/http: net_http --port N --threads N
//
// It listens with the system's longest backlog and sends without delay, as Go does by itself.
package main

import (
	"flag"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"runtime"
	"sync"
	"time"
)

const longestBody = 64 << 10

type subscriber struct {
	events chan []byte
	gone   <-chan struct{}
}

// A topic hands each event to all its subscribers; who is behind holds the publisher up, so nobody misses one.
type topic struct {
	mutex       sync.Mutex
	subscribers map[*subscriber]struct{}
}

func (t *topic) join(s *subscriber) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	t.subscribers[s] = struct{}{}
}

func (t *topic) leave(s *subscriber) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	delete(t.subscribers, s)
}

func (t *topic) publish(event []byte) {
	t.mutex.Lock()
	defer t.mutex.Unlock()
	for s := range t.subscribers {
		select {
		case s.events <- event:
		case <-s.gone:
		}
	}
}

// Sends the head, and gives what sends the rest.
func openStream(w http.ResponseWriter) http.Flusher {
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("Cache-Control", "no-store")
	flusher := w.(http.Flusher)
	flusher.Flush()
	return flusher
}

func (t *topic) serveEvents(w http.ResponseWriter, r *http.Request) {
	self := &subscriber{events: make(chan []byte, 64), gone: r.Context().Done()}
	t.join(self)
	defer t.leave(self)
	flusher := openStream(w)
	for {
		select {
		case event := <-self.events:
			if _, err := w.Write(event); err != nil {
				return
			}
			flusher.Flush()
		case <-self.gone:
			return
		}
	}
}

func (t *topic) servePublish(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, longestBody))
	if err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	t.publish([]byte(fmt.Sprintf("data: %s\n\n", body)))
	w.WriteHeader(http.StatusNoContent)
}

func serveHello(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	io.WriteString(w, "Hello, World!")
}

func serveFirehose(w http.ResponseWriter, _ *http.Request) {
	flusher := openStream(w)
	for {
		if _, err := fmt.Fprintf(w, "data: %s\n\n", "tokentokentokentoken"); err != nil {
			return
		}
		flusher.Flush()
	}
}

func serveQuiet(w http.ResponseWriter, r *http.Request) {
	flusher := openStream(w)
	io.WriteString(w, ":\n")
	flusher.Flush()
	select {
	case <-time.After(time.Hour):
	case <-r.Context().Done():
	}
}

func main() {
	port := flag.Int("port", 8080, "where to listen")
	threads := flag.Int("threads", 1, "how many run Go code at a time")
	flag.Parse()
	runtime.GOMAXPROCS(*threads)

	news := &topic{subscribers: map[*subscriber]struct{}{}}
	http.HandleFunc("/events", news.serveEvents)
	http.HandleFunc("/publish", news.servePublish)
	http.HandleFunc("/hello", serveHello)
	http.HandleFunc("/firehose", serveFirehose)
	http.HandleFunc("/quiet", serveQuiet)
	listener, err := net.Listen("tcp", fmt.Sprintf("127.0.0.1:%d", *port))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("listening on http://%s\n", listener.Addr())
	log.Fatal(http.Serve(listener, nil))
}
