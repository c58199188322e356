/**
 * A door (`sockets` only): a descriptor through which whoever holds it connects, as often as he wants: `node door.mjs`.
 *
 * Both sides are in this program; the descriptor can as well go to another process, in a message or as one of its first descriptors.
 */
import { closeSync } from 'node:fs';
import { transportParts } from 'capstan';
import { createDoor, createSocketsTransport, dial } from 'capstan/transports/sockets';

const transport = createSocketsTransport(await transportParts());
let door;
const server = await transport.serve({
  path: process.argv[2] ?? 'door.socket',
  root: ({ peer }) => {
    // Each delivery shows who has dialled: the kernel says so, and nobody else can.
    const greet = ({ sender, reply }) => {
      reply?.send({ bytes: Buffer.from(`hello, process ${sender.credentials.pid}`) });
    };
    door = createDoor(peer, peer.createNode({ message: greet }, { credentials: true }));
    // The root answers every call with a descriptor of the door.
    const root = peer.createNode({
      message: ({ reply }) => reply?.send({ bytes: Buffer.from('come in'), descriptors: [door.share()] }),
    });
    return () => root;
  },
});

const { peer, root } = await transport.connect({ path: process.argv[2] ?? 'door.socket' });
const { descriptors } = await root.call({ bytes: Buffer.from('where?') });
const [descriptor] = descriptors;
for (let at = 1; at <= 2; at += 1) {
  const visitor = await dial(peer, descriptor);
  const { bytes } = await visitor.call({ bytes: Buffer.from('hello') });
  console.log(`${at}: ${Buffer.from(bytes)}`.replace(`${process.pid}`, 'number PID'));
}
console.log(`${door.visitors} are in`);
closeSync(descriptor);
peer.close();
server.close();
