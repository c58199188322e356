/**
 * A process that sends every frame back that it gets, over a packet loop that may spin: the other side of `echo-partner.ts`.
 *
 *     node echo-program.js CPU SPIN_US        (its socket is descriptor 3; CPU -1 is wherever the kernel wants)
 */
import { loadNative } from '../../broker/native/addon.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';

const [cpu, spinUs] = process.argv.slice(2).map(Number);
if (cpu !== undefined && cpu >= 0) loadNative().setAffinity([cpu]);
const loop = openPacketLoop({ packetBytesMax: 8192, descriptorReserve: 64, spinUs: spinUs ?? 0 });
const socket = loop.adopt(3, {
  packet(offset, length): void {
    const bytes = loop.receiveBytes.slice(offset, offset + length);
    loop.sendBytes.set(bytes, socket.begin(length));
    socket.commit();
  },
  ended(): void {
    loop.release();
  },
  drained(): void {},
});
