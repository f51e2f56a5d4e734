// A reader that decodes as Python's httpx-sse 0.4 documents: what follows each blank line is an event as soon as one
// of the four fields is known, and the last id stays known. Like that library, it leaves it to others to reconnect.
export class Decoder {
  #event = '';
  #data = [];
  #last_id = '';
  #retry = null;

  /// The event that this line ends, or nothing.
  decode(line) {
    if (line === '') {
      if (this.#event === '' && this.#data.length === 0 && this.#last_id === '' && this.#retry === null) return null;
      const event = { type: this.#event || 'message', data: this.#data.join('\n'), id: this.#last_id, retry: this.#retry };
      this.#event = '';
      this.#data = [];
      this.#retry = null;
      return event;
    }
    if (line.startsWith(':')) return null;
    const [, name, value] = line.match(/^([^:]*):? ?(.*)$/s);
    if (name === 'event') this.#event = value;
    else if (name === 'data') this.#data.push(value);
    else if (name === 'id' && !value.includes('\0')) this.#last_id = value;
    else if (name === 'retry' && /^[0-9]+$/.test(value)) this.#retry = Number(value);
    return null;
  }
}

/// The events of a stream, to its end.
export async function* events_of(body) {
  const decoder = new Decoder();
  let rest = '';
  for await (const piece of body.pipeThrough(new TextDecoderStream())) {
    const lines = (rest + piece).split(/\r\n|\n|\r/);
    rest = lines.pop();
    for (const line of lines) {
      const event = decoder.decode(line);
      if (event) yield event;
    }
  }
}

/// Listens as programs with httpx-sse do, which loop: `tell` gets each event. Gives the function that ends it.
export function listen(url, tell) {
  const abort = new AbortController();
  const loop = async () => {
    let id = '';
    let retry = 1000;
    while (!abort.signal.aborted) {
      try {
        const headers = { Accept: 'text/event-stream', 'Cache-Control': 'no-store', ...(id && { 'Last-Event-ID': id }) };
        const { body } = await fetch(url, { headers, signal: abort.signal });
        for await (const event of events_of(body)) {
          id = event.id;
          retry = event.retry ?? retry;
          tell(event);
        }
      } catch { /* it comes back, whatever it was */ }
      await new Promise(resolve => setTimeout(resolve, retry));
    }
  };
  loop();
  return () => abort.abort();
}
