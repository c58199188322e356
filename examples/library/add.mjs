/** Adds to the counter, twice, and hears of the second sum by a node of its own: `node add.mjs TRANSPORT PATH`. */
import { createTransport } from 'capstan';

const [name = 'sockets', path = 'counter.socket'] = process.argv.slice(2);
const transport = await createTransport(name);
const { peer, root } = await transport.connect({ path });

const told = new Promise((resolve) => {
  const watcher = peer.createNode({ message: ({ bytes }) => resolve(`${Buffer.from(bytes)}`) });
  // Among a message's handles a node becomes a handle for its receiver.
  void root
    .call({ bytes: Buffer.from('1'), handles: [watcher] })
    .then(({ bytes }) => console.log(`sum ${Buffer.from(bytes)}`));
});
const { bytes } = await root.call({ bytes: Buffer.from('2') }, { deadlineMs: 1000 });
console.log(`sum ${Buffer.from(bytes)}`);
console.log(`told ${await told}`);
peer.close();
