/** Near the limit of descriptors nothing may be lost (sockets S10): in processes with a small limit. */
import test from 'ava';
import { loadNative } from '../../../broker/native/addon.js';
import { openPacketLoop } from '../../../broker/native/packet-loop.js';
import { eventually, within } from '../../support/eventually.js';
import { checkDescriptors } from '../../support/leaks.js';
import { runPacketProgram, startPacketProgram } from '../../support/program.js';
import { Probe, sendNumber, testSizes } from './probe.js';

const native = loadNative();
checkDescriptors(test);

test.serial(
  'sockets S10: a message whose descriptors do not fit waits until they do, with all of them',
  async (t) => {
    const loop = openPacketLoop(testSizes);
    const [mine, theirs] = native.socketpair();
    const probe = new Probe(loop);
    const socket = loop.adopt(mine, probe);
    // The receiver keeps what it gets and lets it go when it is asked to: by the only packet on its other socket.
    const [control, controlled] = native.socketpair();
    const driver = loop.adopt(control, new Probe(loop));
    const program = startPacketProgram(
      `const kept = [];
     let packets = 0;
     const report = () => console.log(packets, kept.length);
     const socket = loop.adopt(3, {
       packet(offset, length, descriptors) { packets += 1; kept.push(...descriptors); report(); },
       ended(errno) { console.log('ended', errno); driver.close(); },
       drained() {},
     });
     const driver = loop.adopt(4, {
       packet() { for (const descriptor of kept.splice(0)) native.close(descriptor); },
       ended() {},
       drained() {},
     });`,
      { descriptors: [theirs, controlled], descriptorsMax: 128 },
      16,
    );
    native.close(theirs);
    native.close(controlled);
    for (let number = 1; number <= 5; number += 1) {
      sendNumber(
        loop,
        socket,
        number,
        8,
        Array.from({ length: 30 }, () => native.eventfd(0)),
      );
      loop.flush();
    }
    const lines = (): string[] =>
      program
        .output()
        .split('\n')
        .filter((line) => line !== '');
    await eventually('some fit', () => lines().length >= 1);
    // However many fitted, the rest comes when there is room, and always whole.
    for (let rounds = 0; lines().length < 5 && rounds < 20; rounds += 1) {
      const before = lines().length;
      sendNumber(loop, driver, 0);
      await eventually('the next one fits', () => lines().length > before);
    }
    t.is(lines().length, 5);
    for (const [index, line] of lines().entries()) {
      const [packets, kept] = line.split(' ').map(Number);
      t.is(packets, index + 1);
      t.is((kept ?? 1) % 30, 0, line);
    }
    socket.close();
    const result = await within('the end', program.ended);
    t.is(lines().at(-1), 'ended 0');
    t.is(result.errors, '');
    loop.release();
  },
);

test.serial('sockets S10: packets without descriptors pass while others wait', async (t) => {
  const result = await runPacketProgram(
    `const [a, b] = native.socketpair();
     const [c, d] = native.socketpair();
     const held = [];
     const other = loop.adopt(d, { packet() { console.log('light'); other.close(); release(); }, ended() {}, drained() {} });
     const light = loop.adopt(c, ignore);
     const heavy = loop.adopt(a, ignore);
     const receiver = loop.adopt(b, {
       packet(offset, length, descriptors) {
         console.log('heavy', descriptors.length);
         for (const descriptor of descriptors) native.close(descriptor);
         receiver.close();
       },
       ended() {},
       drained() {},
     });
     frame(heavy, 8, Array.from({ length: 20 }, () => native.eventfd(0)));
     loop.flush();
     while (native.openDescriptors() < native.descriptorLimit() - 20) held.push(native.eventfd(0));
     setTimeout(() => frame(light, 8), 60);
     const release = () => { for (const descriptor of held) native.close(descriptor); };`,
    { descriptorsMax: 128 },
    16,
  );
  t.deepEqual(result, { code: 0, signal: null, output: 'light\nheavy 20\n', errors: '' });
});

test.serial(
  'sockets S10: who hides descriptors from its frame headers is cut off, and none is kept',
  async (t) => {
    const result = await runPacketProgram(
      `const [a, b] = native.socketpair();
     const liar = loop.adopt(a, ignore);
     const receiver = loop.adopt(b, {
       packet(offset, length, descriptors) { console.log('packet', descriptors.length); },
       ended(errno) { console.log('ended', errno, native.openDescriptors() - before); liar.close(); },
       drained() {},
     });
     frame(liar, 8, Array.from({ length: 20 }, () => native.eventfd(0)), 2);
     loop.flush();
     const before = native.openDescriptors() - 1;`,
      { descriptorsMax: 128 },
      16,
    );
    t.deepEqual(result, { code: 0, signal: null, output: 'ended 71 0\n', errors: '' });
  },
);

test.serial('sockets S10: clients wait in the backlog while there is no descriptor for them', async (t) => {
  const name = `@capstan-limit-${process.pid}`;
  const result = await runPacketProgram(
    `import { spawn } from 'node:child_process';
     const accepted = [];
     const held = [];
     const listener = loop.accept(native.listen(${JSON.stringify(name)}, -1, 64), (descriptor) => accepted.push(descriptor));
     const clients = [];
     while (native.openDescriptors() < native.descriptorLimit() - 16 - 20 - 10) held.push(native.eventfd(0));
     for (let i = 0; i < 20; i++) clients.push(native.connect(${JSON.stringify(name)}));
     const first = () => setTimeout(accepted.length === 0 ? first : look, accepted.length === 0 ? 5 : 100);
     const look = () => {
       console.log(accepted.length > 0 && accepted.length < 20, native.descriptorLimit() - native.openDescriptors() >= 16);
       for (const descriptor of held) native.close(descriptor);
       const check = () => {
         if (accepted.length < 20) return setTimeout(check, 5);
         console.log(accepted.length);
         for (const descriptor of [...accepted, ...clients]) native.close(descriptor);
         listener.close();
       };
       check();
     };
     first();`,
    { descriptorsMax: 128 },
    16,
  );
  t.deepEqual(result, { code: 0, signal: null, output: 'true true\n20\n', errors: '' });
});

test.serial(
  'sockets S11: too many descriptors in flight are a refusal now, and a retry for what is queued',
  async (t) => {
    // The kernel counts per user and exempts root, so the program becomes a user that nobody else is.
    const result = await runPacketProgram(
      `if (process.getuid() === 0) { process.setgid(61111); process.setuid(61111); }
     const [a, b] = native.socketpair();
     let received = 0;
     let packets = 0;
     const left = loop.adopt(a, ignore);
     const right = loop.adopt(b, {
       packet(offset, length, descriptors) {
         packets += 1;
         received += descriptors.length;
         for (const descriptor of descriptors) native.close(descriptor);
         if (received === sent) { console.log('all', packets === sentPackets); left.close(); right.close(); }
       },
       ended(errno) { console.log('ended', errno); },
       drained() {},
     });
     right.setReading(false);
     let sent = 0;
     let sentPackets = 0;
     let errno = 0;
     while (errno === 0 && sentPackets < 20) {
       const descriptors = Array.from({ length: 30 }, () => native.eventfd(0));
       const at = left.begin(8);
       writeFrameHeader(loop.sendView, at, 0, 1, 0, 30);
       errno = left.commitNow(descriptors);
       if (errno === 0) { sent += 30; sentPackets += 1; continue; }
       console.log('refused', errno);
       frame(left, 0, descriptors);
       loop.flush();
       console.log('queued', left.queuedFrames);
       sent += 30;
       sentPackets += 1;
     }
     setTimeout(() => right.setReading(true), 50);`,
      { descriptorsMax: 100 },
      4,
    );
    t.deepEqual(result, { code: 0, signal: null, output: 'refused 109\nqueued 1\nall true\n', errors: '' });
  },
);
