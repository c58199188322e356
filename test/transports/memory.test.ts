/**
 * The memory transport keeps the contract, also with fewer abilities; and what it offers to tests.
 */
import { closeSync, openSync } from 'node:fs';
import test from 'ava';
import { ErrorCode } from '../../broker/contract/errors.js';
import type { Credentials, Session } from '../../broker/contract/transport.js';
import { createTime } from '../../broker/native/time.js';
import { createMemoryTransport, type MemoryTransport } from '../../transports/memory/index.js';
import { transportConformance } from '../conformance/index.js';
import { lesserFixture, memoryFixture } from '../conformance/memory-fixture.js';
import { bytesOf, createCollector, echo } from '../support/collector.js';
import { eventually, turns } from '../support/eventually.js';
import { exchangeAsRoot } from '../support/exchange.js';
import { ManualTime } from '../support/manual-time.js';

transportConformance(test, memoryFixture);
transportConformance(test, lesserFixture);

const path = 'here';

async function serve(transport: MemoryTransport): Promise<() => Promise<Session>> {
  await transport.serve({
    path,
    root: exchangeAsRoot,
  });
  return () => transport.connect({ path });
}

test('two transport objects share nothing', async (t) => {
  const [one, two] = [
    createMemoryTransport({ time: createTime() }),
    createMemoryTransport({ time: createTime() }),
  ];
  await serve(one);
  await t.throwsAsync(two.connect({ path }), { code: ErrorCode.Unreachable });
  await t.notThrowsAsync(serve(two));
});

test('no receiver is called from within a send, and each item has a microtask of its own', async (t) => {
  const transport = createMemoryTransport({ time: createTime() });
  const { peer } = await (await serve(transport))();
  const log: string[] = [];
  const inbox = createCollector(peer, ({ bytes }) => {
    log.push(`got ${bytes.byteLength}`);
    queueMicrotask(() => log.push(`after ${bytes.byteLength}`));
  });
  const handle = inbox.node.handle();
  const sent = [1, 2].map((size) => handle.send({ bytes: new Uint8Array(size) }));
  t.deepEqual(log, []);
  await Promise.all(sent);
  await turns();
  t.deepEqual(log, ['got 1', 'after 1', 'got 2', 'after 2']);
});

test('deliveries can be held, let through one by one, and released', async (t) => {
  const transport = createMemoryTransport({ time: createTime() });
  const { peer } = await (await serve(transport))();
  const inbox = createCollector(peer);
  const handle = inbox.node.handle();
  transport.hold();
  for (const text of ['a', 'b', 'c', 'd']) await handle.send({ bytes: bytesOf(text) });
  await turns();
  t.deepEqual(inbox.texts, []);
  t.true(transport.step());
  t.true(transport.step(peer));
  t.deepEqual(inbox.texts, ['a', 'b']);
  transport.release();
  await turns();
  t.deepEqual(inbox.texts, ['a', 'b', 'c', 'd']);
  t.false(transport.step());
});

test('holding one peer leaves the others alone, and peers take turns', async (t) => {
  const transport = createMemoryTransport({ time: createTime() });
  const connect = await serve(transport);
  const log: string[] = [];
  const sessions = [await connect(), await connect(), await connect()];
  const handles = sessions.map(({ peer }, at) => {
    return createCollector(peer, ({ bytes }) => log.push(`${at}:${bytes.byteLength}`)).node.handle();
  });
  transport.hold(sessions[2]?.peer);
  transport.hold();
  for (const handle of handles) {
    for (const size of [1, 2]) await handle.send({ bytes: new Uint8Array(size) });
  }
  transport.release();
  await turns();
  t.deepEqual(log, ['0:1', '1:1', '0:2', '1:2']);
  transport.release(sessions[2]?.peer);
  await turns();
  t.deepEqual(log.slice(4), ['2:1', '2:2']);
});

test('peers that answer each other without end leave turns to the event loop', async (t) => {
  const transport = createMemoryTransport({ time: createTime() });
  const { peer } = await (await serve(transport))();
  let count = 0;
  const inbox = createCollector(peer, () => {
    count += 1;
    if (!inbox.node.isDestroyed) void handle.send({ bytes: bytesOf('on') });
  });
  const handle = inbox.node.handle();
  await handle.send({ bytes: bytesOf('start') });
  await eventually('the timers get a turn', () => count > 2000);
  inbox.node.destroy();
  t.pass();
});

test('C60 who awaits each send never fills the inbox of one that reads', async (t) => {
  const transport = createMemoryTransport({ time: createTime() });
  const { peer } = await (await serve(transport))();
  let count = 0;
  const node = peer.createNode({
    message: () => {
      count += 1;
    },
  });
  const handle = node.handle();
  for (let at = 0; at < 40_000; at += 1) await handle.send({ bytes: new Uint8Array(0) });
  await eventually('all arrive', () => count === 40_000);
  t.pass();
});

test('C11 deadlines pass in the time that was handed in', async (t) => {
  const time = new ManualTime();
  const transport = createMemoryTransport({ time });
  const { peer } = await (await serve(transport))();
  const handle = createCollector(peer).node.handle();
  let code: number | undefined;
  handle.call({ bytes: bytesOf('?') }, { deadlineMs: 60_000 }).catch((error) => {
    code = error.code;
  });
  time.advance(59_999);
  await turns();
  t.is(code, undefined);
  time.advance(20);
  await turns();
  t.is(code, ErrorCode.Deadline);
});

test('C70 C71 a test can be several users', async (t) => {
  let who: Credentials = { pid: 1, uid: 0, gid: 0 };
  const transport = createMemoryTransport({ time: createTime(), credentials: () => who });
  const seen: (readonly [number, Credentials | undefined])[] = [];
  await transport.serve({
    path,
    root: ({ peer }) => {
      const node = peer.createNode(
        { message: ({ sender }) => seen.push([sender.account, sender.credentials]) },
        { credentials: true },
      );
      return ({ uid }) => (uid === 1002 ? undefined : node);
    },
  });
  for (const uid of [0, 1001, 0]) {
    who = { pid: uid + 7, uid, gid: uid };
    const { root } = await transport.connect({ path });
    await root.send({ bytes: bytesOf('me') });
  }
  await turns();
  t.deepEqual(
    seen.map(([, credentials]) => credentials?.uid),
    [0, 1001, 0],
  );
  t.is(seen[0]?.[0], seen[2]?.[0]);
  t.not(seen[0]?.[0], seen[1]?.[0]);
  who = { pid: 3, uid: 1002, gid: 1002 };
  await t.throwsAsync(transport.connect({ path }), { code: ErrorCode.PermissionDenied });
});

test('C72 a descriptor that is no invitation is refused, and taken', async (t) => {
  const transport = createMemoryTransport({ time: createTime() });
  await serve(transport);
  const descriptor = openSync('/dev/null', 'r');
  await t.throwsAsync(transport.connect({ descriptor }), { code: ErrorCode.Unreachable });
  t.throws(() => closeSync(descriptor), { code: 'EBADF' });
});

test('arguments that make no sense are refused', async (t) => {
  const transport = createMemoryTransport({ time: createTime() });
  const connect = await serve(transport);
  const invalid = { code: ErrorCode.InvalidArgument };
  await t.throwsAsync(transport.connect({}), invalid);
  await t.throwsAsync(transport.connect({ path, descriptor: 0 }), invalid);
  await t.throwsAsync(transport.serve({ root: () => () => undefined }), invalid);
  await t.throwsAsync(transport.serve({ descriptor: 0, root: () => () => undefined }), {
    code: ErrorCode.Unsupported,
  });
  const { peer } = await connect();
  const handle = createCollector(peer, echo).node.handle();
  for (const deadlineMs of [-1, Number.NaN]) {
    await t.throwsAsync(handle.call({ bytes: bytesOf('?') }, { deadlineMs }), invalid);
  }
  await t.throwsAsync(handle.send({ bytes: 'text' as unknown as Uint8Array }), invalid);
});
