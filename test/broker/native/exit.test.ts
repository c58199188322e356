/** How a process with a packet loop ends, and how others notice: processes of their own. */
import { once } from 'node:events';
import test from 'ava';
import { loadNative } from '../../../broker/native/addon.js';
import { openPacketLoop } from '../../../broker/native/packet-loop.js';
import { eventually, within } from '../../support/eventually.js';
import { checkDescriptors } from '../../support/leaks.js';
import { packetPrelude, runPacketProgram, startPacketProgram } from '../../support/program.js';
import { Probe, sendNumber, testSizes } from './probe.js';

const native = loadNative();
checkDescriptors(test);

const pairSource = `
const [a, b] = native.socketpair();
const right = { packets: 0, packet() { this.packets += 1; this.on?.(); }, ended(errno) { console.log('ended', errno); this.onEnded?.(); }, drained() {} };
const left = loop.adopt(a, ignore);
const socket = loop.adopt(b, right);
`;

test.serial('the process ends by itself when everything is closed', async (t) => {
  const result = await runPacketProgram(`${pairSource}
    right.on = () => { left.close(); };
    frame(left, 8);
    process.on('exit', () => console.log('open', loop.open));
  `);
  t.deepEqual(result, { code: 0, signal: null, output: 'ended 0\nopen 0\n', errors: '' });
});

test.serial('an open socket keeps the process alive, unless it is told not to', async (t) => {
  const kept = startPacketProgram(`${pairSource} console.log('ready');`);
  await eventually('it runs', () => kept.output() === 'ready\n');
  await new Promise((resolve) => setTimeout(resolve, 50));
  t.is(kept.child.exitCode, null);
  kept.child.kill('SIGKILL');
  t.is((await kept.ended).signal, 'SIGKILL');
  const loose = await runPacketProgram(`${pairSource} loop.setReference(false); console.log('ready');`);
  t.is(loose.code, 0);
});

test.serial(
  'the loop can be closed, by its last user, with everything in it, also from a handler',
  async (t) => {
    const result = await runPacketProgram(`${pairSource}
    right.on = () => { loop.release(); console.log(loop.open, left.isClosed, socket.isClosed); };
    const held = native.eventfd(0);
    frame(left, 8);
    frame(left, 8, [native.duplicate(held)]);
  `);
    t.like(result, { code: 0, output: '0 true true\n', errors: '' });
  },
);

test.serial('an exception in a handler is fatal and visible', async (t) => {
  const result = await runPacketProgram(`${pairSource}
    right.on = () => { throw new Error('a bug in the handler'); };
    frame(left, 8);
  `);
  t.not(result.code, 0);
  t.is(result.signal, null);
  t.regex(result.errors, /a bug in the handler/);
});

test.serial('a rejection that nobody handles is fatal and visible', async (t) => {
  const result = await runPacketProgram(`${pairSource}
    right.on = async () => { throw new Error('a rejected handler'); };
    frame(left, 8);
  `);
  t.not(result.code, 0);
  t.regex(result.errors, /a rejected handler/);
});

test.serial(
  'a process that survives an exception gets the remaining events of the turn, and later ones',
  async (t) => {
    const result = await runPacketProgram(`${pairSource}
    process.on('uncaughtException', (error) => console.log(error.message));
    right.on = () => {
      if (right.packets === 5) left.close();
      else throw new Error('packet ' + right.packets);
    };
    for (let i = 0; i < 3; i++) { frame(left, 8); loop.flush(); }
    setTimeout(() => { frame(left, 8); loop.flush(); frame(left, 8); }, 20);
  `);
    t.is(result.output, 'packet 1\npacket 2\npacket 3\npacket 4\nended 0\n');
    t.is(result.code, 0);
  },
);

test.serial('process.exit within a handler ends the process with its code', async (t) => {
  const result = await runPacketProgram(`${pairSource}
    right.on = () => process.exit(3);
    frame(left, 8);
    frame(left, 8);
  `);
  t.like(result, { code: 3, errors: '' });
});

test.serial('a worker has a loop of its own, and may be terminated at any time', async (t) => {
  const worker = `${packetPrelude()}
    import { parentPort } from 'node:worker_threads';
    const [a, b] = native.socketpair();
    let count = 0;
    const left = loop.adopt(a, { ...ignore, packet() { if (++count === 100) parentPort.postMessage(0); frame(left, 8); } });
    const right = loop.adopt(b, { ...ignore, packet() { frame(right, 8); } });
    frame(left, 8);
  `;
  const result = await runPacketProgram(`
    import { Worker } from 'node:worker_threads';
    const url = new URL(${JSON.stringify(`data:text/javascript,${encodeURIComponent(worker)}`)});
    const counts = [];
    for (let round = 0; round < 4; round++) {
      const worker = new Worker(url);
      await new Promise((resolve) => worker.once('message', resolve));
      await worker.terminate();
      counts.push(native.openDescriptors());
    }
    // The first worker leaves what Node keeps for the next ones.
    console.log(counts.at(-1) - counts[1]);
  `);
  t.deepEqual(result, { code: 0, signal: null, output: '0\n', errors: '' });
});

test.serial('who is killed is noticed at once, and what it sent before is read', async (t) => {
  const loop = openPacketLoop(testSizes);
  const [mine, theirs] = native.socketpair();
  const probe = new Probe(loop);
  const socket = loop.adopt(mine, probe);
  const program = startPacketProgram(
    `const socket = loop.adopt(3, ignore);
     const send = (number) => {
       const at = socket.begin(16);
       writeFrameHeader(loop.sendView, at, 8, 1, 0, 0);
       loop.sendView.setUint32(at + 8, number, true);
       socket.commit();
     };
     for (let i = 0; i < 5; i++) send(i);`,
    { descriptors: [theirs] },
  );
  native.close(theirs);
  await probe.until(5);
  // More than it reads, so that it dies with unread data and with a queue on this side.
  program.child.kill('SIGSTOP');
  for (let count = 0; socket.queuedFrames < 10; count += 1) {
    sendNumber(loop, socket, count, 4000, [native.eventfd(0)]);
    loop.flush();
  }
  program.child.kill('SIGKILL');
  t.is(await probe.untilEnded(), 104, 'ECONNRESET');
  t.deepEqual(probe.numbers(), [0, 1, 2, 3, 4]);
  t.true(socket.isClosed);
  t.is((await within('its end', program.ended)).signal, 'SIGKILL');
  loop.release();
});

test.serial('two processes exchange descriptors and credentials', async (t) => {
  const loop = openPacketLoop(testSizes);
  const [mine, theirs] = native.socketpair();
  const probe = new Probe(loop);
  const socket = loop.adopt(mine, probe);
  socket.setCredentials(true);
  const program = startPacketProgram(
    `const socket = loop.adopt(3, {
       packet(offset, length, descriptors) {
         const bytes = new Uint8Array(8);
         native.read(descriptors[0], bytes, 0, 8);
         native.close(descriptors[0]);
         const answer = native.eventfd(bytes[0] + 1);
         const at = socket.begin(16);
         writeFrameHeader(loop.sendView, at, 8, 1, 0, 1);
         loop.sendView.setUint32(at + 8, 1, true);
         socket.commit([answer]);
       },
       ended() {},
       drained() {},
     });`,
    { descriptors: [theirs] },
  );
  native.close(theirs);
  sendNumber(loop, socket, 1, 8, [native.eventfd(41)]);
  await probe.until(1);
  const [packet] = probe.packets;
  t.is(packet?.pid, program.child.pid);
  const bytes = new Uint8Array(8);
  const [descriptor = -1] = packet?.descriptors ?? [];
  native.read(descriptor, bytes, 0, 8);
  t.is(bytes[0], 42);
  native.close(descriptor);
  socket.close();
  if (program.child.exitCode === null)
    await within('it ends with its connection', once(program.child, 'close'));
  t.is(program.child.exitCode, 0);
  loop.release();
});
