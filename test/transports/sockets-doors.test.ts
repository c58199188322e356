/**
 * Rule S14: descriptors that can be dialled.
 */
import { closeSync, fstatSync, mkdtempSync, readdirSync, readlinkSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import { helloTimeoutMs } from '../../broker/contract/limits.js';
import { createDoor, createSystem, dial, SystemRefusal } from '../../transports/sockets/index.js';
import { bytesOf, createCollector, echo, textOf } from '../support/collector.js';
import { eventually, turns, within } from '../support/eventually.js';
import { drop, put, take } from '../support/exchange.js';
import { ManualTime } from '../support/manual-time.js';
import { encodePacket, helloFrame, textFrame } from '../support/sockets-frames.js';
import { createFailingTransport, createTransport, inSocketsWorld } from '../support/sockets-world.js';

test.serial('S14 whoever has the descriptor connects, as often as he wants, and no path is left', (t) =>
  inSocketsWorld(async (world) => {
    const [owner, holder] = [await world.connect(), await world.connect()];
    const inbox = createCollector(owner.peer, echo, { credentials: true });
    const directory = mkdtempSync(join(tmpdir(), 'capstan-'));
    world.defer(() => rmSync(directory, { recursive: true }));
    const door = createDoor(owner.peer, inbox.node, { directory });
    t.deepEqual(readdirSync(directory), [], 'neither the socket nor its place is left');
    const tray = createCollector(holder.peer);
    const toHolder = await world.handleTo(holder, tray.node, owner);
    await toHolder.send({ bytes: bytesOf('my door'), descriptors: [door.share()] });
    const [descriptor] = (await tray.delivery(0)).descriptors;
    if (descriptor === undefined) throw new Error('no descriptor arrived');
    t.true(fstatSync(descriptor).isSocket());
    t.regex(readlinkSync(`/proc/self/fd/${descriptor}`), /\(deleted\)$/);
    const handles = [];
    for (let at = 1; at <= 3; at += 1) {
      const handle = await dial(holder.peer, descriptor);
      handles.push(handle);
      t.is(textOf((await handle.call({ bytes: bytesOf(`${at}`) })).bytes), `${at}`);
      t.is(door.visitors, at);
      t.is(inbox.deliveries[at - 1]?.sender.credentials?.pid, process.pid);
    }
    const [first, second, third] = handles;
    if (first === undefined || second === undefined || third === undefined) throw new Error('no handles');
    t.true(await first.same(second));
    // What came through a door is a handle like any other: it can be given away, and brings descriptors.
    await put(holder.root, 'through the door', third);
    const taken = await take(owner.root, 'through the door');
    await drop(owner.root, 'through the door');
    t.is(textOf((await taken.call({ bytes: bytesOf('given on') })).bytes), 'given on');
    closeSync(descriptor);
    for (const handle of [...handles, taken]) handle.close();
    await eventually('unused', () => inbox.unusedCount === 1);
    t.is(door.visitors, 0);
    door.close();
    door.close();
    t.true(
      hasCode(
        t.throws(() => door.share()),
        ErrorCode.Closed,
      ),
    );
  }),
);

test.serial('S14 the owner sees who has dialled, of another user too, and not who gave the door away', (t) =>
  inSocketsWorld(async (world) => {
    const owner = await world.connect();
    const inbox = createCollector(owner.peer, echo, { credentials: true });
    const isRoot = process.getuid?.() === 0;
    const other = 54_323;
    const refused: number[] = [];
    const door = createDoor(owner.peer, inbox.node);
    const closed = createDoor(owner.peer, inbox.node, {
      admits: ({ pid, uid }) => {
        refused.push(pid);
        return uid === -1;
      },
    });
    const child = await world.spawn();
    await child.ask('connect', world.path);
    for (const name of ['open', 'closed']) {
      await child.ask('node', name, 'hold');
      await child.ask('put', name);
    }
    for (const [name, each] of [
      ['open', door],
      ['closed', closed],
    ] as const) {
      const toChild = await take(owner.root, name);
      await drop(owner.root, name);
      await toChild.send({ bytes: bytesOf('a door'), descriptors: [each.share()] });
      await eventually('the door', async () => ((await child.ask('texts', name)) as string[]).length === 1);
      toChild.close();
    }
    if (isRoot) await child.ask('become', other, other);
    else t.log('another user is left out: only root can become one');
    await child.ask('dial', 'open', 'node');
    t.is(await child.ask('call', 'node', 'who am I'), 'who am I');
    const uid = isRoot ? other : (process.getuid?.() ?? -1);
    const gid = isRoot ? other : (process.getgid?.() ?? -1);
    const { sender } = await inbox.delivery(0);
    t.deepEqual({ ...sender.credentials }, { pid: child.pid, uid, gid });
    const refusal = await t.throwsAsync(child.ask('dial', 'closed', 'nothing'));
    t.true(hasCode(refusal, ErrorCode.PermissionDenied), String(refusal));
    t.deepEqual(refused, [child.pid]);
    t.is(closed.visitors, 0);
    await child.kill();
    await eventually('unused', () => inbox.unusedCount === 1);
    for (const each of [door, closed]) each.close();
  }),
);

test.serial('S14 behind the door of an owner who is dead, or that was closed, nobody is reached', (t) =>
  inSocketsWorld(async (world) => {
    const holder = await world.connect();
    const inbox = createCollector(holder.peer);
    await put(holder.root, 'inbox', inbox.node);
    const child = await world.spawn();
    await child.ask('connect', world.path);
    await child.ask('take', 'inbox');
    await drop(holder.root, 'inbox');
    for (const name of ['one', 'two']) {
      await child.ask('node', name, 'echo');
      await child.ask('giveDoor', 'inbox', name);
    }
    await inbox.delivery(1);
    const [one, two] = inbox.deliveries.map(({ descriptors }) => descriptors[0] ?? -1);
    if (one === undefined || two === undefined) throw new Error('no doors arrived');
    const handle = await dial(holder.peer, one);
    t.is(textOf((await handle.call({ bytes: bytesOf('alive') })).bytes), 'alive');
    await child.ask('closeDoor', 'one');
    const closed = await t.throwsAsync(dial(holder.peer, one));
    t.true(hasCode(closed, ErrorCode.Unreachable), String(closed));
    t.is(textOf((await handle.call({ bytes: bytesOf('still in') })).bytes), 'still in');
    // Its owner is killed while somebody is dialling: the connection is in the backlog, and nobody has welcomed it.
    child.stop();
    const dialling = dial(holder.peer, two);
    dialling.catch(() => {});
    await turns();
    await child.kill();
    const between = await t.throwsAsync(within('the end of the dialling', dialling));
    t.true(hasCode(between, ErrorCode.Unreachable), String(between));
    const dead = await t.throwsAsync(dial(holder.peer, two));
    t.true(hasCode(dead, ErrorCode.Unreachable), String(dead));
    t.is(await within('the end', handle.gone), 'node-gone');
    for (const descriptor of [one, two]) closeSync(descriptor);
    t.is(holder.peer.usage().handles, 2);
    handle.close();
  }),
);

test.serial('S14 what is no door is refused, and nothing is left of a dialling that was given up', (t) =>
  inSocketsWorld(async (world) => {
    const [owner, holder] = [await world.connect(), await world.connect()];
    const inbox = createCollector(owner.peer);
    const refusals = async (code: ErrorCode, attempts: readonly (() => unknown)[]): Promise<void> => {
      for (const attempt of attempts) {
        const error = await t.throwsAsync(async () => attempt());
        t.true(hasCode(error, code), String(error));
      }
    };
    const { descriptor, raw } = world.rawPair(true);
    await refusals(ErrorCode.Unreachable, [
      () => dial(holder.peer, 2),
      () => dial(holder.peer, descriptor),
      () => dial(holder.peer, 999_999),
    ]);
    raw.close();
    world.native.close(descriptor);
    const foreign = createCollector(holder.peer).node;
    await refusals(ErrorCode.InvalidArgument, [
      () => dial(holder.peer, -1),
      () => createDoor(owner.peer, foreign),
    ]);
    await refusals(ErrorCode.System, [
      () => createDoor(owner.peer, inbox.node, { directory: `${world.directory}/nowhere` }),
    ]);
    const door = createDoor(owner.peer, inbox.node);
    const shared = door.share();
    const signal = AbortSignal.abort();
    await refusals(ErrorCode.Aborted, [() => dial(holder.peer, shared, { signal })]);
    const path = `${world.directory}/deaf`;
    const listening = world.native.listen(path, 0o600, 1);
    const deaf = createSystem().openPath(path);
    await refusals(ErrorCode.Deadline, [() => dial(holder.peer, deaf, { timeoutMs: 20 })]);
    for (const each of [listening, deaf]) closeSync(each);
    inbox.node.destroy();
    await refusals(ErrorCode.NodeGone, [() => dial(holder.peer, shared)]);
    await refusals(ErrorCode.Closed, [() => createDoor(owner.peer, inbox.node)]);
    // It ends with its peer.
    owner.peer.close();
    t.true(door.isClosed);
    await refusals(ErrorCode.Unreachable, [() => dial(holder.peer, shared)]);
    holder.peer.close();
    await refusals(ErrorCode.Closed, [() => dial(holder.peer, shared)]);
    closeSync(shared);
  }),
);

test.serial('S14 without a free descriptor there is no door, and nothing of one', (t) =>
  inSocketsWorld(async (world) => {
    let failing = '';
    const refuse = (call: string): void => {
      if (failing === call) throw new SystemRefusal(call, 'EMFILE', 24);
    };
    const transport = createFailingTransport((system) => ({
      ...system,
      openPath: (path) => {
        refuse('open');
        return system.openPath(path);
      },
      duplicate: (descriptor) => {
        refuse('fcntl');
        return system.duplicate(descriptor);
      },
    }));
    const session = await transport.connect({ path: world.path });
    world.defer(() => session.peer.close());
    const { node } = createCollector(session.peer);
    failing = 'open';
    t.true(
      hasCode(
        t.throws(() => createDoor(session.peer, node)),
        ErrorCode.OverQuota,
      ),
    );
    failing = 'fcntl';
    const door = createDoor(session.peer, node);
    t.true(
      hasCode(
        t.throws(() => door.share()),
        ErrorCode.OverQuota,
      ),
    );
    door.close();
  }),
);

test.serial(
  'S14, S12 who comes through a door brings nothing before hello, and does not wait silently',
  (t) =>
    inSocketsWorld(async (world) => {
      const time = new ManualTime();
      const { peer } = await createTransport(time).connect({ path: world.path });
      world.defer(() => peer.close());
      const inbox = createCollector(peer);
      const door = createDoor(peer, inbox.node);
      const shared = door.share();
      const rude = world.rawTo(`/proc/self/fd/${shared}`);
      const { descriptor } = world.rawPair(true);
      rude.send(encodePacket([helloFrame(), textFrame('message', 'x', 0, 1)]), [descriptor]);
      await eventually('the end', () => rude.isEnded);
      t.is(inbox.deliveries.length, 0);
      const silent = world.rawTo(`/proc/self/fd/${shared}`);
      await turns();
      time.advance(helloTimeoutMs);
      await eventually('the end of the silent', () => silent.isEnded);
      t.is(door.visitors, 0);
      closeSync(shared);
      door.close();
    }),
);
