/**
 * A program that init runs as its broker and that does what a test says: it connects to the test's Unix socket, sends there what
 * init says, and takes orders from there, a JSON object in a line each way. `test/support/init-run.ts` is the other end.
 *
 * It has no opinion: it does not say HELLO, does not acknowledge, does not answer signals, unless it is told to.
 */
import { closeSync, openSync, readFileSync, readlinkSync } from 'node:fs';
import { connect } from 'node:net';
import { descriptorReserve, packetBytesMax } from '../../broker/contract/limits.js';
import { loadNative } from '../../broker/native/addon.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import type { PacketSocket } from '../../broker/native/packets.js';
import { decodeInitEvent, eventDescriptors } from '../../broker/supervisor/init-wire.js';

/** What the test asks for. */
export type Order =
  | { readonly do: 'send'; readonly frame: string; readonly descriptors: readonly number[] }
  | { readonly do: 'send-many'; readonly frames: readonly string[]; readonly descriptors: readonly number[] }
  | { readonly do: 'open'; readonly path: string; readonly flags: string }
  | { readonly do: 'pipe' }
  | { readonly do: 'close'; readonly descriptor: number }
  | { readonly do: 'look'; readonly descriptor: number }
  | { readonly do: 'end-connection' }
  | { readonly do: 'reading'; readonly on: boolean }
  | { readonly do: 'hang' }
  | { readonly do: 'exit'; readonly status: number };

const [path] = process.argv.slice(2);
if (path === undefined) throw new Error('the path of the socket is missing');
const number = Number(process.env['CAPSTAN_INIT_FD']);
const native = loadNative();
const loop = openPacketLoop({ packetBytesMax, descriptorReserve });
const control = connect(path);

function tell(report: unknown): void {
  control.write(`${JSON.stringify(report)}\n`);
}

native.setNonBlocking(number, true);
native.setCloseOnExec(number, true);
const socket: PacketSocket = loop.adopt(number, {
  packet: (offset, length, descriptors) => {
    const event = decodeInitEvent(loop.receiveView, offset, length);
    if (event === undefined) throw new Error('init sent what is not the protocol');
    if (eventDescriptors(event) !== descriptors.length) throw new Error('init sent other descriptors');
    const shown =
      event.kind === 'service' ? { ...event, cookie: Buffer.from(event.cookie).toString() } : event;
    tell({ event: shown, descriptor: descriptors[0] });
  },
  ended: (errno) => tell({ ended: errno }),
  drained: () => {},
});

/** What a descriptor of this process refers to; a pidfd with the pid that it stands for. */
function look(descriptor: number): string {
  const target = readlinkSync(`/proc/self/fd/${descriptor}`);
  if (!target.includes('pidfd')) return target;
  const information = readFileSync(`/proc/self/fdinfo/${descriptor}`, 'utf8');
  return `pidfd of ${/^Pid:\s*(-?\d+)/m.exec(information)?.[1]}`;
}

function send(frame: Uint8Array, descriptors: readonly number[]): void {
  const offset = socket.begin(frame.length);
  loop.sendBytes.set(frame, offset);
  // The socket takes what it sends; the test goes on using its numbers.
  socket.commit(descriptors.map((descriptor) => native.duplicate(descriptor)));
}

function carryOut(order: Order): unknown {
  switch (order.do) {
    case 'send':
      send(Buffer.from(order.frame, 'base64'), order.descriptors);
      // The test may kill this process as soon as it hears that this is done.
      loop.flush();
      return null;
    case 'send-many':
      // In one turn, so that the frames share packets.
      for (const frame of order.frames) send(Buffer.from(frame, 'base64'), order.descriptors);
      loop.flush();
      return null;
    case 'open':
      return openSync(order.path, order.flags);
    case 'pipe':
      return native.pipe();
    case 'close':
      closeSync(order.descriptor);
      return null;
    case 'look':
      return look(order.descriptor);
    case 'end-connection':
      socket.close();
      return null;
    case 'reading':
      socket.setReading(order.on);
      return null;
    case 'hang':
      for (;;) Math.sqrt(2);
    case 'exit':
      loop.flush();
      process.exit(order.status);
  }
}

let rest = '';
control.setEncoding('utf8');
control.on('data', (text: string) => {
  const lines = (rest + text).split('\n');
  rest = lines.pop() ?? '';
  for (const line of lines) {
    const order = JSON.parse(line) as Order;
    tell({ done: carryOut(order) });
  }
});
// Without its test there is nothing to do; init is told to end.
control.on('close', () => process.exit(99));
control.on('error', () => process.exit(99));
tell({
  pid: process.pid,
  environment: process.env,
  identity: readFileSync('/proc/self/stat', 'utf8')
    .replace(/^.*\) /, '')
    .split(' ')
    .slice(1, 4)
    .map(Number),
  descriptors: readFileSync('/proc/self/limits', 'utf8').match(/Max open files\s+(\d+)/)?.[1],
});
