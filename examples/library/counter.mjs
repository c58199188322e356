/**
 * A counter that other processes add to: `node counter.mjs TRANSPORT PATH`.
 *
 * A call carries a number and is answered with the sum. Whoever puts a node into the call is told every later sum.
 */
import { createTransport } from 'capstan';

const [name = 'sockets', path = 'counter.socket'] = process.argv.slice(2);
const watchers = new Set();
let sum = 0;

function receive({ bytes, handles, reply }) {
  sum += Number(Buffer.from(bytes));
  const news = Buffer.from(`${sum}`);
  // Who does not read (`over-quota`) misses some sums; who is gone (`node-gone`) is forgotten below.
  for (const watcher of watchers) watcher.send({ bytes: news }).catch(() => undefined);
  for (const watcher of handles) {
    watchers.add(watcher);
    void watcher.gone.then(() => {
      watchers.delete(watcher);
      watcher.close();
    });
  }
  // There is none if the message was sent and not called.
  reply?.send({ bytes: news });
}

const transport = await createTransport(name);
const server = await transport.serve({
  path,
  // One counter for everybody of our own uid; anybody else gets no root and is cut off.
  root: ({ peer }) => {
    const counter = peer.createNode({ message: receive });
    return ({ uid }) => (uid === process.getuid() ? counter : undefined);
  },
});
console.log(`counting on ${path}`);
// Ends every connection and removes the socket file; then nothing keeps the process alive.
process.once('SIGTERM', () => server.close());
