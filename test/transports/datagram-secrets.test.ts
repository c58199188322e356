/** Addresses, secrets and tickets: what they give the right to, and what those who do not know them can do. */
import { symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { inspect } from 'node:util';
import test from 'ava';
import { ErrorCode } from '../../broker/contract/errors.js';
import { loadNative } from '../../broker/native/addon.js';
import { DatagramPeer } from '../../transports/datagram/peer.js';
import { isSameSecret, SecretSource } from '../../transports/datagram/secrets.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import { decodeDatagram, type FrameValue } from '../support/datagram-frames.js';
import {
  addressOf,
  type DatagramWorld,
  listenAt,
  openDatagramWorld,
  secretsOf,
  sendFrames,
} from '../support/datagram-world.js';
import { eventually, turns } from '../support/eventually.js';
import { ping } from '../support/exchange.js';
import { checkDescriptors } from '../support/leaks.js';

checkDescriptors(test);

const wrong = '5a'.repeat(16);

async function inWorld(t: { teardown(undo: () => void): void }): Promise<DatagramWorld> {
  const world = await openDatagramWorld();
  t.teardown(() => world.close());
  return world;
}

test.serial(
  'D1 who knows address, number and secret may send; who has one of them wrong may not',
  async (t) => {
    const world = await inWorld(t);
    const [owner, holder] = [await world.connect(), await world.connect()];
    const inbox = createCollector(owner.peer);
    const { path, number, secret } = secretsOf(await world.handleTo(owner, inbox.node, holder));
    t.is(path, addressOf(owner));
    const message = (text: string): FrameValue => ({
      kind: 'message',
      ...{ number, secret, transfers: [], payload: Buffer.from(text).toString('hex') },
    });
    sendFrames(path, { ...message('no'), secret: wrong } as FrameValue);
    sendFrames(path, { ...message('no'), secret: `${secret.slice(0, 30)}00` } as FrameValue);
    sendFrames(path, { ...message('no'), number: number + 1 } as FrameValue);
    sendFrames(path, message('yes'));
    await inbox.delivery(0);
    t.deepEqual(inbox.texts, ['yes']);
  },
);

test.serial('D1, D3 a call with a wrong secret is lost, and its caller hears so', async (t) => {
  const world = await inWorld(t);
  const owner = await world.connect();
  const inbox = createCollector(owner.peer, echo);
  const { number } = secretsOf(inbox.node.handle());
  const address = join(world.directory, '~caller00000');
  const caller = listenAt(address);
  t.teardown(() => caller.close());
  sendFrames(addressOf(owner), {
    kind: 'call',
    ...{ number, secret: wrong, serial: 7, replySecret: wrong, address, transfers: [], payload: '' },
  });
  await eventually('an answer', () => caller.received.length > 0);
  t.deepEqual(decodeDatagram(caller.received[0] ?? Buffer.alloc(0)), [
    { kind: 'notice', address: addressOf(owner), entries: [{ kind: 'Lost', number: 7, key: wrong }] },
  ]);
  t.is(inbox.deliveries.length, 0);
});

test.serial('D1 nobody can answer a call without its secret, and nobody twice', async (t) => {
  const world = await inWorld(t);
  const [owner, caller] = [await world.connect(), await world.connect()];
  const seen: Buffer[] = [];
  const inbox = createCollector(owner.peer);
  const handle = await world.handleTo(owner, inbox.node, caller);
  const called = handle.call({ bytes: bytesOf('?') });
  const { reply } = await inbox.delivery(0);
  const { serial, secret } = reply as unknown as { readonly serial: number; readonly secret: Buffer };
  const answer = (key: string, text: string): FrameValue => ({
    kind: 'answer',
    number: serial,
    secret: key,
    transfers: [],
    payload: Buffer.from(text).toString('hex'),
  });
  for (const each of [wrong, secret.toString('hex').replace(/^../, 'ff')]) {
    sendFrames(addressOf(caller), answer(each, 'forged'));
  }
  sendFrames(addressOf(caller), {
    kind: 'notice',
    address: addressOf(owner),
    entries: [{ kind: 'Lost', number: serial, key: wrong }],
  });
  await ping(caller.root);
  t.is(caller.peer.usage().callsOutstanding, 1);
  const replay = answer(secret.toString('hex'), 'right');
  reply?.send({ bytes: bytesOf('right') });
  t.is(textOf((await called).bytes), 'right');
  const second = handle.call({ bytes: bytesOf('!') });
  for (let at = 0; at < 3; at += 1) sendFrames(addressOf(caller), replay);
  (await inbox.delivery(1)).reply?.send({ bytes: bytesOf('second') });
  t.is(textOf((await second).bytes), 'second');
  t.deepEqual(seen, []);
});

test.serial('D1 nobody can give a handle back, or call it gone, without its ticket', async (t) => {
  const world = await inWorld(t);
  const [owner, holder] = [await world.connect(), await world.connect()];
  const inbox = createCollector(owner.peer, echo);
  const handle = await world.handleTo(owner, inbox.node, holder);
  const { ticket } = secretsOf(handle);
  const forged = [wrong, `${ticket.slice(0, 16)}${wrong.slice(16)}`];
  for (const key of forged) {
    for (const kind of ['Release', 'Gone', 'End', 'Leave'] as const) {
      const entries = [{ kind, number: 0, key }];
      sendFrames(addressOf(owner), { kind: 'notice', address: addressOf(holder), entries });
      sendFrames(addressOf(holder), { kind: 'notice', address: addressOf(owner), entries });
      sendFrames(addressOf({ peer: world.server.peer }), {
        ...{ kind: 'notice', address: addressOf(holder), entries },
      });
    }
  }
  await Promise.all([ping(owner.root), ping(holder.root)]);
  t.false(handle.isGone);
  t.is(inbox.unusedCount, 0);
  t.is(world.server.peers, 2);
  // The real one does it, once.
  for (let at = 0; at < 2; at += 1) {
    const entries = [{ kind: 'Release' as const, number: 0, key: ticket }];
    sendFrames(addressOf(owner), { kind: 'notice', address: addressOf(holder), entries });
  }
  await eventually('the node is unused', () => inbox.unusedCount === 1);
  await turns();
  t.is(inbox.unusedCount, 1);
});

test.serial('D1 a ticket that is in use cannot be used for another handle', async (t) => {
  const world = await inWorld(t);
  const [owner, holder] = [await world.connect(), await world.connect()];
  const inbox = createCollector(owner.peer, echo);
  const handle = await world.handleTo(owner, inbox.node, holder);
  const { number, secret, ticket } = secretsOf(handle);
  const entries = [{ isReply: false, number, secret, ticket }];
  sendFrames(addressOf(owner), { kind: 'grant', address: join(world.directory, '~other000000'), entries });
  await ping(owner.root);
  handle.close();
  await eventually('the node is unused', () => inbox.unusedCount > 0);
  t.is(inbox.unusedCount, 1);
});

test.serial('D1 secrets stand in no error', async (t) => {
  const world = await inWorld(t);
  const [owner, holder] = [await world.connect(), await world.connect()];
  const inbox = createCollector(owner.peer);
  const handle = await world.handleTo(owner, inbox.node, holder);
  const { secret, ticket } = secretsOf(handle);
  const errors: unknown[] = [];
  const keep = (error: unknown): void => {
    errors.push(error);
  };
  await handle.call({ bytes: bytesOf('?') }, { deadlineMs: 1 }).catch(keep);
  await handle.send({ bytes: new Uint8Array(1 << 20) }).catch(keep);
  inbox.node.destroy();
  await handle.gone;
  await handle.send({ bytes: bytesOf('?') }).catch(keep);
  handle.close();
  await handle.send({ bytes: bytesOf('?') }).catch(keep);
  await world.transport.connect({ path: `${world.path}-not` }).catch(keep);
  t.is(errors.length, 5);
  for (const error of errors) {
    const text = inspect(error, { depth: 8, showHidden: true });
    for (const key of [secret, ticket]) {
      t.false(text.includes(key) || text.includes(Buffer.from(key, 'hex').toString('base64')));
      t.false(text.includes(key.replace(/../g, '$& ').trim()), 'nor as the bytes of a buffer');
    }
  }
});

test('D1 secrets are compared whole, and never the same twice', (t) => {
  const bytes = Buffer.from('00112233445566778899aabbccddeeff'.repeat(2), 'hex');
  t.true(isSameSecret(bytes, 0, bytes, 16));
  for (let at = 0; at < 16; at += 1) {
    const other = Buffer.from(bytes);
    other[at] = (other[at] ?? 0) ^ 1;
    t.false(isSameSecret(bytes, 0, other, 0), `byte ${at}`);
  }
  const source = new SecretSource();
  const seen = new Set(Array.from({ length: 2000 }, () => source.make().toString('hex')));
  t.is(seen.size, 2000);
});

test.serial('D1 no peer sends to an address of another form, nor through a link to a socket', async (t) => {
  const world = await inWorld(t);
  const victim = listenAt(join(world.directory, 'victim'));
  t.teardown(() => victim.close());
  const link = join(world.directory, '~link0000000');
  symlinkSync(join(world.directory, 'victim'), link);
  const owner = await world.connect();
  const inbox = createCollector(owner.peer, echo);
  const { path, number, secret } = secretsOf(inbox.node.handle());
  for (const address of [link, join(world.directory, 'victim')]) {
    const hello: FrameValue = { kind: 'hello', secret: wrong, ticket: '00'.repeat(16), address };
    sendFrames(world.path, hello);
    const call = { serial: 1, replySecret: wrong, address, transfers: [], payload: '21' };
    sendFrames(path, { kind: 'call', number, secret, ...call });
    sendFrames(path, { kind: 'call', number, secret: wrong, ...call });
  }
  await ping(owner.root);
  await turns(10);
  t.deepEqual(victim.received, []);
  await eventually('only the peer is left', () => world.server.peers === 1);
});

test.serial(
  'D1 a hello with the address of somebody who is in leaves the session of that one as it was',
  async (t) => {
    const world = await inWorld(t);
    const address = join(world.directory, '~twice000000');
    const newcomer = listenAt(address);
    for (const secret of [wrong, '11'.repeat(16)]) {
      sendFrames(world.path, { kind: 'hello', secret, ticket: '00'.repeat(16), address });
    }
    await eventually('two welcomes', () => newcomer.received.length === 2);
    t.is(world.server.peers, 1);
    const sessions = newcomer.received.flatMap((bytes) =>
      (decodeDatagram(bytes) ?? []).map((frame) => (frame.kind === 'welcome' ? frame.session : frame.kind)),
    );
    const [session = ''] = sessions;
    t.deepEqual(sessions, [session, session]);
    // What the first hello was answered with is still what ends it.
    const server = addressOf({ peer: world.server.peer });
    sendFrames(server, { kind: 'notice', address, entries: [{ kind: 'Leave', number: 0, key: session }] });
    await eventually('it has left', () => world.server.peers === 0);
    newcomer.close();
  },
);

test.serial('D1 who is greeted in the name of another learns of its end all the same', async (t) => {
  const world = await inWorld(t);
  const victim = await world.connect();
  const address = addressOf(victim);
  for (let again = 0; again < 3; again += 1) {
    sendFrames(world.path, { kind: 'hello', secret: wrong, ticket: '00'.repeat(16), address });
  }
  await ping(victim.root);
  t.is(world.server.peers, 1);
  victim.peer.close();
  await eventually('its leave is understood', () => world.server.peers === 0);
});

test.serial('C72 an invitation is for one, and void when nobody can read it', async (t) => {
  const world = await inWorld(t);
  const room = createCollector(world.server.peer, echo);
  const { transport, server } = world;
  const descriptor = server.invite(room.node);
  const guest = await transport.connect({ descriptor });
  t.is(textOf((await guest.root.call({ bytes: bytesOf('hello') })).bytes), 'hello');
  guest.peer.close();
  // Given up before the event loop has turned once: no answer can be quicker than that.
  const patience = new AbortController();
  const late = transport.connect({ descriptor: server.invite(room.node), signal: patience.signal });
  patience.abort();
  const error = await t.throwsAsync(late);
  t.is((error as { readonly code?: number }).code, ErrorCode.Aborted);
  await eventually('nobody is left', () => server.peers === 0 && room.unusedCount > 0);
});

test.serial(
  'D1, D3 what a caller who takes nothing is to be told keeps no more than the notice',
  async (t) => {
    const world = await inWorld(t);
    const owner = await world.connect();
    if (!(owner.peer instanceof DatagramPeer)) throw new Error('not a peer of the datagram transport');
    const { contacts } = owner.peer;
    const address = join(world.directory, `deaf~${'x'.repeat(11)}`);
    const deaf = loadNative().bindDatagram(address, 0o600);
    t.teardown(() => loadNative().close(deaf));
    const call: FrameValue = {
      kind: 'call',
      ...{ number: 77, secret: wrong, serial: 1, replySecret: wrong, address, transfers: [] },
      payload: '00'.repeat(50_000),
    };
    const notices = () => contacts.at(address)?.notices ?? [];
    // Those that were refused are copies in any case; those that come after them wait from the beginning.
    let [before, after] = [0, 0];
    await eventually('it is given up, and more is to be told', () => {
      sendFrames(addressOf(owner), call);
      if (notices().length > 0) before ||= notices().length;
      after = notices().length;
      return before > 0 && after > before + 8;
    });
    const bytes = notices().map(({ key }) => key.buffer.byteLength);
    t.true(Math.max(...bytes) < 50_000, `memory behind the secrets: ${bytes.join(' ')}`);
  },
);

test.serial('D1, D3 who says hello again and again has no more of the root than a few handles', async (t) => {
  const world = await inWorld(t);
  const { peer } = world.server;
  if (!(peer instanceof DatagramPeer)) throw new Error('not a peer of the datagram transport');
  const address = join(world.directory, `loud~${'x'.repeat(11)}`);
  const loud = listenAt(address);
  t.teardown(() => loud.close());
  const hello: FrameValue = { kind: 'hello', secret: wrong, ticket: '00'.repeat(16), address };
  for (let sent = 0; sent < 50; ) {
    if (sendFrames(world.path, hello) >= 0) sent += 1;
    await turns(1);
  }
  await eventually('an answer', () => loud.received.length > 0);
  await turns();
  t.is(peer.contacts.at(address)?.uses.size, 8);
  t.is(world.server.peers, 1);
  await world.connect();
  t.is(world.server.peers, 2, 'others come in');
});
