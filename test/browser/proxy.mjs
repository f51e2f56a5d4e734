// A network to lose: bytes go to a server and back until it is cut.
import { connect, createServer } from 'node:net';

export class Proxy {
  #sockets = new Set();
  #is_cut = false;

  /// In front of the server at `port`; `url` is where.
  static async to(port) {
    const made = new Proxy();
    made.#server = createServer(client => made.#join(client, port));
    await new Promise(resolve => made.#server.listen(0, '127.0.0.1', resolve));
    made.url = `http://127.0.0.1:${made.#server.address().port}`;
    return made;
  }
  #server;

  #join(client, port) {
    if (this.#is_cut) return void client.destroy();
    const server = connect(port, '127.0.0.1');
    for (const [from, to] of [[client, server], [server, client]]) {
      this.#sockets.add(from);
      from.on('close', () => {
        this.#sockets.delete(from);
        to.destroy();
      }).on('error', () => {}).pipe(to);
    }
  }

  /// Connections break, and new ones break at once.
  cut() {
    this.#is_cut = true;
    this.#sockets.forEach(socket => socket.destroy());
  }
  mend() { this.#is_cut = false; }

  close() {
    this.cut();
    this.#server.close();
  }
}
