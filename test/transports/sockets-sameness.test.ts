/**
 * Rule S13: whether two handles are the same, asked of owners who lie, die, or say nothing, and of those who pass everything on.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import { callDeadlineMs, sameQuestionsMax } from '../../broker/contract/limits.js';
import type { CapabilityNode, Handle, Session } from '../../broker/contract/transport.js';
import { NotedTokens, Questions } from '../../transports/sockets/sameness.js';
import { SameResult, SameStep } from '../../transports/sockets/wire.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, turns, within } from '../support/eventually.js';
import { drop, take } from '../support/exchange.js';
import { ManualTime } from '../support/manual-time.js';
import type { RawSocket } from '../support/raw-connection.js';
import { encodePacket, type Frame, helloFrame, textFrame } from '../support/sockets-frames.js';
import { createTransport, framesOf, inSocketsWorld, type SocketsWorld } from '../support/sockets-world.js';

const token = '000102030405060708090a0b0c0d0e0f';

/** Gives a new peer a handle for each of these descriptors, in the reply of an owner that is a raw connection. */
async function holderOf(
  world: SocketsWorld,
  ...descriptors: readonly number[]
): Promise<{ readonly session: Session; readonly handles: readonly Handle[] }> {
  const { session, owner } = await world.rawOwner();
  const call = session.root.call({ bytes: bytesOf('?') });
  await eventually('the call', () => framesOf(owner).length === 2);
  const transfers = descriptors.map(() => ({ kind: 'handle' as const, fence: 0 }));
  owner.send(encodePacket([{ ...textFrame('reply', 'x', 0, descriptors.length), transfers }]), descriptors);
  return { session, handles: (await within('the reply', call)).handles };
}

/** Answers each step of a question on this connection with a result. */
function answerAll(raw: RawSocket, results: readonly number[]): () => Promise<void> {
  let answered = 0;
  return () =>
    eventually('the questions are answered', () => {
      const asked = framesOf(raw).flatMap((frame) => (frame.kind === 'same' ? [frame] : []));
      for (const { serial, step } of asked.slice(answered)) {
        const result = results[step - 1] ?? SameResult.No;
        const welcome: Frame[] = answered === 0 ? [{ kind: 'welcome', version: 1 }] : [];
        answered += 1;
        raw.send(encodePacket([...welcome, { kind: 'same-answer', serial, result }]));
      }
      return answered >= results.length;
    });
}

/** A process that passes everything on between two connections, which it is given as 3 and 4. */
function spawnRelay(one: number, other: number): ChildProcess {
  const program = `
    const { readSync, writeSync } = require('node:fs');
    const bytes = Buffer.alloc(70000);
    const idle = new Int32Array(new SharedArrayBuffer(4));
    const pass = (from, to) => {
      try {
        const length = readSync(from, bytes);
        if (length === 0) process.exit(0);
        writeSync(to, bytes.subarray(0, length));
      } catch (error) {
        if (error.code !== 'EAGAIN') process.exit(1);
      }
    };
    for (;;) {
      pass(3, 4);
      pass(4, 3);
      Atomics.wait(idle, 0, 0, 1);
    }`;
  return spawn(process.execPath, ['-e', program], { stdio: ['ignore', 'inherit', 'inherit', one, other] });
}

test.serial('S13 a node whose owner passes everything on to another is not that other', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer, echo);
    const [near, far] = world.native.socketpair();
    const onward = world.server.invite(inbox.node);
    const relay = spawnRelay(far, onward);
    const ended = new Promise((resolve) => {
      relay.once('close', resolve);
    });
    world.defer(async () => {
      relay.kill('SIGKILL');
      await ended;
    });
    world.native.close(far);
    world.native.close(onward);
    const direct = world.server.invite(inbox.node);
    const { handles } = await holderOf(world, direct, near);
    const [honest, passedOn] = handles;
    if (honest === undefined || passedOn === undefined) throw new Error('no handles arrived');
    // It answers like the other, in every word, and says yes like the other.
    t.is(textOf((await within('a call', passedOn.call({ bytes: bytesOf('hello') }))).bytes), 'hello');
    t.false(await within('the answer', honest.same(passedOn)));
    t.false(await within('the answer', passedOn.same(honest)));
    const clone = honest.clone();
    t.true(await within('the answer', honest.same(clone)));
    for (const handle of [honest, passedOn, clone]) handle.close();
    inbox.node.destroy();
  }),
);

/** Connections of this process to one node, which have said hello. */
async function rawHolders(world: SocketsWorld, node: CapabilityNode, count: number) {
  const holders: { readonly raw: RawSocket; readonly copy: number }[] = [];
  for (let at = 0; at < count; at += 1) {
    const descriptor = world.server.invite(node);
    const copy = world.native.duplicate(descriptor);
    const raw = world.raw(descriptor);
    raw.send(encodePacket([helloFrame()]));
    await eventually('the welcome', () => framesOf(raw).length === 1);
    holders.push({ raw, copy });
    world.defer(() => world.native.close(copy));
  }
  return holders;
}

async function step(raw: RawSocket, serial: number, which: number): Promise<number> {
  raw.send(encodePacket([{ kind: 'same', serial, step: which, token }]));
  return answerTo(raw, serial);
}

async function answerTo(raw: RawSocket, serial: number): Promise<number> {
  let result = -1;
  await eventually('the answer', () => {
    for (const frame of framesOf(raw)) {
      if (frame.kind === 'same-answer' && frame.serial === serial) result = frame.result;
    }
    return result >= 0;
  });
  return result;
}

test.serial('S13 a token that somebody else notes on a copy of a connection is not its holder’s', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer);
    const [asking, copied] = await rawHolders(world, inbox.node, 2);
    if (asking === undefined || copied === undefined) throw new Error('no connections');
    for (const isCopy of [true, false]) {
      const base = isCopy ? 1 : 11;
      t.is(await step(asking.raw, base, SameStep.Prepare), SameResult.Yes);
      t.is(await step(copied.raw, base, SameStep.Prepare), SameResult.Yes);
      t.is(await step(asking.raw, base + 1, SameStep.Note), SameResult.Yes);
      if (isCopy) {
        const packet = encodePacket([{ kind: 'same', serial: base + 1, step: SameStep.Note, token }]);
        const hex = Buffer.from(packet).toString('hex');
        const program = `require('node:fs').writeSync(3, Buffer.from('${hex}', 'hex'))`;
        const { copy } = copied;
        t.is(spawnSync(process.execPath, ['-e', program], { stdio: ['ignore', 2, 2, copy] }).status, 0);
      } else {
        t.is(await step(copied.raw, base + 1, SameStep.Note), SameResult.Yes);
      }
      t.is(await answerTo(copied.raw, base + 1), SameResult.Yes);
      const expected = isCopy ? SameResult.No : SameResult.Yes;
      t.is(await step(asking.raw, base + 2, SameStep.Ask), expected);
      t.is(await step(copied.raw, base + 2, SameStep.Ask), expected);
    }
    inbox.node.destroy();
  }),
);

test.serial('S13 an owner that says yes to everything makes nothing the same', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer);
    const { raw: liar, descriptor } = world.rawPair(true);
    const { handles } = await holderOf(world, world.server.invite(inbox.node), descriptor);
    const [honest, lying] = handles;
    if (honest === undefined || lying === undefined) throw new Error('no handles arrived');
    const answering = answerAll(
      liar,
      Array.from({ length: 6 }, () => SameResult.Yes),
    )();
    t.false(await within('the answer', honest.same(lying)));
    // The second token's steps have the same numbers.
    t.false(await within('the answer', lying.same(honest)));
    await answering;
    for (const handle of handles) handle.close();
    inbox.node.destroy();
  }),
);

test.serial('S13 the end of an owner between two steps is the end of the question', (t) =>
  inSocketsWorld(async (world) => {
    const inbox = createCollector(world.server.peer);
    for (const stepsBefore of [0, 1, 2]) {
      const { raw: dying, descriptor } = world.rawPair(true);
      const { session, handles } = await holderOf(world, world.server.invite(inbox.node), descriptor);
      const [honest, mortal] = handles;
      if (honest === undefined || mortal === undefined) throw new Error('no handles arrived');
      const asked = honest.same(mortal);
      asked.catch(() => {});
      await answerAll(dying, new Array<number>(stepsBefore).fill(SameResult.Yes))();
      await eventually('the next step', () => {
        return framesOf(dying).filter(({ kind }) => kind === 'same').length === stepsBefore + 1;
      });
      dying.close();
      const error = await t.throwsAsync(within('the end', asked));
      t.true(hasCode(error, ErrorCode.NodeGone), `after ${stepsBefore} steps: ${error}`);
      await eventually('nothing waits', () => session.peer.usage().callsOutstanding === 0);
      // What the honest owner had noted is forgotten: the same handle can be asked about as often as before.
      const clone = honest.clone();
      t.true(await within('the answer', honest.same(clone)));
      for (const handle of [honest, mortal, clone]) handle.close();
    }
    inbox.node.destroy();
  }),
);

test.serial('S13 an owner that says nothing is waited for until the deadline, with simulated time', (t) =>
  inSocketsWorld(async (world) => {
    const time = new ManualTime();
    const [near, far] = world.native.socketpair();
    const silent = world.raw(far);
    silent.send(encodePacket([{ kind: 'welcome', version: 1 }]));
    const { peer, root } = await createTransport(time).connect({ descriptor: near });
    world.defer(() => peer.close());
    const clone = root.clone();
    const asked = root.same(clone);
    asked.catch(() => {});
    await eventually('the first step', () => framesOf(silent).some(({ kind }) => kind === 'same'));
    time.advance(callDeadlineMs - 100);
    await turns();
    t.is(peer.usage().callsOutstanding, 2);
    time.advance(300);
    const error = await t.throwsAsync(within('the end', asked));
    t.true(hasCode(error, ErrorCode.Deadline), String(error));
    const closed = root.same(clone);
    closed.catch(() => {});
    await turns();
    peer.close();
    const closing = await t.throwsAsync(within('the end', closed));
    t.true(hasCode(closing, ErrorCode.Closed), String(closing));
  }),
);

test.serial(
  'S13 more questions at once than an owner keeps are refused, and those it keeps are answered',
  (t) =>
    inSocketsWorld(async (world) => {
      const inbox = createCollector(world.server.peer);
      const [holder] = await rawHolders(world, inbox.node, 1);
      if (holder === undefined) throw new Error('no connection');
      const tokenOf = (at: number): string => at.toString(16).padStart(32, '0');
      const frames = Array.from({ length: sameQuestionsMax + 1 }, (_, at) => {
        return { kind: 'same', serial: at, step: SameStep.Prepare, token: tokenOf(at) } as const;
      });
      holder.raw.send(encodePacket(frames));
      t.is(await answerTo(holder.raw, sameQuestionsMax - 1), SameResult.Yes);
      t.is(await answerTo(holder.raw, sameQuestionsMax), SameResult.Full);
      holder.raw.send(encodePacket([{ kind: 'same', serial: 900, step: SameStep.Ask, token: tokenOf(3) }]));
      t.is(await answerTo(holder.raw, 900), SameResult.No);
      holder.raw.send(encodePacket([{ kind: 'same', serial: 901, step: SameStep.Prepare, token }]));
      t.is(await answerTo(holder.raw, 901), SameResult.Yes);
      // A step that there is not is a breach.
      holder.raw.send(encodePacket([{ kind: 'same', serial: 902, step: 4, token }]));
      await within('the end', holder.raw.ended);
      inbox.node.destroy();
    }),
);

test('S13 a sender that the kernel does not name is no reason for yes or no', (t) => {
  const noted = new NotedTokens();
  const watched: boolean[] = [];
  const questions = new Questions({}, (on) => watched.push(on));
  const nobody = { senderPid: 0, senderUid: -1 };
  t.is(questions.take(SameStep.Prepare, token, nobody, noted), SameResult.Yes);
  t.is(questions.take(SameStep.Note, token, nobody, noted), SameResult.Unknown);
  t.is(questions.take(SameStep.Ask, token, nobody, noted), SameResult.No);
  t.deepEqual(watched, [true, false]);
});

test.serial('S13 handles of an owner in another process are the same, and gone when it is killed', (t) =>
  inSocketsWorld(async (world) => {
    const holder = await world.connect();
    const child = await world.spawn();
    await child.ask('connect', world.path);
    for (const name of ['one', 'two']) {
      await child.ask('node', name, 'keep');
      await child.ask('put', name);
    }
    const [first, again, other] = [
      await take(holder.root, 'one'),
      await take(holder.root, 'one'),
      await take(holder.root, 'two'),
    ];
    for (const name of ['one', 'two']) await drop(holder.root, name);
    t.true(await within('the answer', first.same(again)));
    t.false(await within('the answer', other.same(first)));
    child.stop();
    const asked = first.same(again);
    asked.catch(() => {});
    await turns();
    await child.kill();
    t.true(hasCode(await t.throwsAsync(within('the end', asked)), ErrorCode.NodeGone));
  }),
);
