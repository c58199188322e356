/**
 * Clauses C50 to C52: order, judged by the order checker from what the peers saw.
 */
import assert from 'node:assert/strict';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import type { Delivery, Handle, Manifest, Session } from '../../broker/contract/transport.js';
import { bytesOf, type Collector, createCollector, textOf } from '../support/collector.js';
import { eventually, turns, within } from '../support/eventually.js';
import { drop, put, take } from '../support/exchange.js';
import { checkOrder, type SentMessage } from '../support/order-checker.js';
import { createRandom } from '../support/random.js';
import type { Clause } from './clause.js';
import type { World } from './fixture.js';

const isTotal = ({ order }: Manifest): boolean => order === 'total';
const isCausal = ({ order }: Manifest): boolean => order !== 'per-handle';

/** A peer that sends and receives, and remembers what it knew when it sent. */
interface Actor {
  readonly name: string;
  readonly session: Session;
  /** Its handles to the other actors' nodes. */
  readonly handles: Map<string, Handle>;
  /** What it got, with the sequence numbers. */
  readonly got: { readonly id: string; readonly sequence: number }[];
  lastSent: string | undefined;
}

interface Stage {
  readonly actors: readonly Actor[];
  readonly sent: SentMessage[];
  /** Sequence numbers by message. */
  readonly sequences: Map<string, number>;
  send(from: Actor, to: readonly Actor[], alsoKnown?: readonly string[]): Promise<string>;
}

/** As many actors, each with a handle to each other one. `react` may send. */
async function setStage(
  world: World,
  names: readonly string[],
  react: (actor: Actor, delivery: Delivery, stage: Stage) => void = () => {},
): Promise<Stage> {
  const actors: Actor[] = [];
  const sent: SentMessage[] = [];
  const sequences = new Map<string, number>();
  // Where a multicast is a loop its copies are messages of their own, one after the other: who has the first may act on it before
  // the second is sent.
  const nameAt = (id: string, { name }: Pick<Actor, 'name'>): string =>
    world.manifest.multicast === 'loop' ? `${id}→${name}` : id;
  const stage: Stage = {
    actors,
    sent,
    sequences,
    send: async (from, to, alsoKnown = []) => {
      const id = `${from.name}${sent.length}`;
      const known = [...from.got.slice(-20).map(({ id: got }) => got), from.lastSent, ...alsoKnown];
      const channels = to.map(({ name }) => `${from.name}→${name}`);
      let after = known.filter((other) => other !== undefined);
      if (world.manifest.multicast === 'atomic') {
        sent.push({ id, channels, after });
        from.lastSent = id;
      } else {
        for (const [at, actor] of to.entries()) {
          const copy = nameAt(id, actor);
          sent.push({ id: copy, channels: channels.slice(at, at + 1), after });
          after = [copy];
          from.lastSent = copy;
        }
      }
      const handles = to.map(({ name }) => from.handles.get(name)).filter((handle) => handle !== undefined);
      assert.equal(handles.length, to.length);
      const message = { bytes: bytesOf(id) };
      const [only] = handles;
      const accepted =
        to.length === 1 && only !== undefined
          ? only.send(message)
          : from.session.peer.multicast(handles, message).then(({ sequence }) => sequence);
      sequences.set(id, await within(`${id} is accepted`, accepted));
      return id;
    },
  };
  const nodes = [];
  for (const name of names) {
    const actor: Actor = {
      ...{ name, session: await world.connect(), handles: new Map(), got: [], lastSent: undefined },
    };
    const { node } = createCollector(actor.session.peer, (delivery) => {
      actor.got.push({ id: nameAt(textOf(delivery.bytes), actor), sequence: delivery.sequence });
      react(actor, delivery, stage);
    });
    actors.push(actor);
    nodes.push(node);
  }
  for (const [at, node] of nodes.entries()) {
    const owner = actors[at];
    if (owner === undefined) continue;
    const others = actors.filter((actor) => actor !== owner);
    const handles = await world.introduce(owner.session, node, ...others.map(({ session }) => session));
    for (const [index, other] of others.entries()) {
      const handle = handles[index];
      if (handle !== undefined) other.handles.set(owner.name, handle);
    }
  }
  return stage;
}

/** Waits until everything that was sent has arrived, and asks the checker. */
async function judge({ actors, sent }: Stage, promise: Manifest['order'], note: string): Promise<void> {
  const expected = sent.reduce((sum, { channels }) => sum + channels.length, 0);
  const count = (): number => actors.reduce((sum, { got }) => sum + got.length, 0);
  await eventually(`${expected} messages arrive`, () => count() >= expected);
  await turns();
  assert.equal(count(), expected, 'each message once');
  const received = new Map(actors.map(({ name, got }) => [name, got.map(({ id }) => id)]));
  assert.equal(checkOrder({ sent, received }, promise)?.text, undefined, note);
}

/** Sends from all actors to random others, with random pauses, also from within receivers. */
async function randomTraffic(world: World, seed: number): Promise<Stage> {
  const random = createRandom(seed);
  let reactions = 120;
  const pending: Promise<unknown>[] = [];
  const choose = (stage: Stage, from: Actor): Actor[] => {
    const others = stage.actors.filter((actor) => actor !== from);
    const chosen = others.filter(() => random.below(2) === 0);
    return chosen.length > 0 ? chosen : others.slice(0, 1);
  };
  const stage = await setStage(world, ['A', 'B', 'C', 'D'], (actor, _delivery, own) => {
    if (reactions === 0 || random.below(3) > 0) return;
    reactions -= 1;
    pending.push(own.send(actor, choose(own, actor)));
  });
  for (let at = 0; at < 200; at += 1) {
    const from = stage.actors[random.below(stage.actors.length)];
    if (from !== undefined) pending.push(stage.send(from, choose(stage, from)));
    if (random.below(4) === 0) await turns(random.below(3));
  }
  // Reactions add to the list while it is awaited.
  for (let done = 0; done < pending.length; ) {
    const batch = pending.slice(done);
    done = pending.length;
    await within('all sends', Promise.all(batch));
    await turns();
  }
  return stage;
}

/** Sends; its name when it was accepted, `undefined` when the receiver's queue was full. */
async function accepted(handle: Handle, id: string): Promise<string | undefined> {
  try {
    await handle.send({ bytes: bytesOf(id) });
    return id;
  } catch (error) {
    assert.ok(hasCode(error, ErrorCode.OverQuota), `refused with over-quota, not ${error}`);
    return undefined;
  }
}

const seeds = [1, 2, 3];

export const orderClauses: readonly Clause[] = [
  ...seeds.map(
    (seed): Clause => ({
      id: 'C50',
      title: `random traffic keeps the order that the manifest promises, seed ${seed}`,
      run: async (world) => {
        const stage = await randomTraffic(world, seed);
        await judge(stage, world.manifest.order, `seed ${seed}`);
      },
    }),
  ),
  {
    id: 'C50',
    title:
      'sequence shows the order: one number for each message, growing at each receiver, and returned by send',
    applies: isTotal,
    run: async (world) => {
      const stage = await randomTraffic(world, 4);
      await judge(stage, 'total', 'seed 4');
      const shown = new Map<string, number>();
      for (const { name, got } of stage.actors) {
        let last = 0;
        for (const { id, sequence } of got) {
          assert.ok(sequence > last, `${name} got ${id} with ${sequence} after ${last}`);
          last = sequence;
          assert.equal(shown.get(id) ?? sequence, sequence, `${id} has one number`);
          assert.equal(stage.sequences.get(id), sequence, `${id} has the number that its send returned`);
          shown.set(id, sequence);
        }
      }
      assert.equal(new Set(shown.values()).size, shown.size, 'no number twice');
    },
  },
  {
    id: 'C50',
    title: 'two peers that multicast at once are seen in one order by all',
    applies: isTotal,
    run: async (world) => {
      const stage = await setStage(world, ['A', 'B', 'X', 'Y', 'Z']);
      const [a, b, ...receivers] = stage.actors;
      assert.ok(a !== undefined && b !== undefined);
      const pending: Promise<unknown>[] = [];
      for (let at = 0; at < 60; at += 1) {
        pending.push(stage.send(a, receivers), stage.send(b, [...receivers].reverse()));
        if (at % 7 === 0) await turns(1);
      }
      await within('all multicasts', Promise.all(pending));
      await judge(stage, 'total', 'concurrent multicasts');
    },
  },
  {
    id: 'C50',
    title: 'a multicast that crosses two ordered sends is seen in one order by both receivers (bus O4)',
    applies: isTotal,
    run: async (world) => {
      const stage = await setStage(world, ['A', 'B', 'C', 'X', 'Y']);
      const [a, b, c, x, y] = stage.actors;
      assert.ok(a !== undefined && b !== undefined && c !== undefined && x !== undefined && y !== undefined);
      for (let at = 0; at < 40; at += 1) {
        const crossing = stage.send(c, at % 2 === 0 ? [x, y] : [y, x]);
        await turns(at % 3);
        const first = await stage.send(a, [x]);
        await Promise.all([stage.send(b, [y], [first]), crossing]);
      }
      await judge(stage, 'total', 'crossing multicasts');
    },
  },
  {
    id: 'C50',
    title: 'processes that multicast at once are seen in one order by all',
    applies: (manifest) => isTotal(manifest) && manifest.crossProcess,
    run: async (world) => {
      const count = 150;
      const inboxes: Collector[] = [];
      const near = await world.connect();
      for (const name of ['x', 'y']) {
        const owner = await world.connect();
        const inbox = createCollector(owner.peer);
        inboxes.push(inbox);
        await within('putting', put(owner.root, name, inbox.node));
      }
      const children = [await world.spawn(), await world.spawn()];
      for (const child of children) {
        await child.ask('connect', world.path);
        for (const name of ['x', 'y']) await child.ask('take', name);
      }
      for (const name of ['x', 'y']) await within('dropping', drop(near.root, name));
      const prefixes = ['a', 'b'];
      const asked = children.map((child, at) =>
        child.ask('multicast', prefixes[at] ?? '', count, ...(at === 0 ? ['x', 'y'] : ['y', 'x'])),
      );
      await Promise.all(asked);
      for (const inbox of inboxes) await inbox.delivery(2 * count - 1);
      const sent = prefixes.flatMap((prefix) =>
        Array.from({ length: count }, (_, at): SentMessage => {
          const channels = ['x', 'y'].map((name) => `${prefix}→${name}`);
          return { id: `${prefix}${at}`, channels, after: at === 0 ? [] : [`${prefix}${at - 1}`] };
        }),
      );
      const received = new Map(inboxes.map(({ texts }, at) => [`receiver ${at}`, texts]));
      assert.equal(checkOrder({ sent, received }, 'total')?.text, undefined);
    },
  },
  {
    id: 'C51',
    title: 'what A sent to C before it told B comes before what B then sends to C',
    applies: isCausal,
    run: async (world) => {
      const pending: Promise<unknown>[] = [];
      const stage = await setStage(world, ['A', 'B', 'C'], (actor, _delivery, own) => {
        const c = own.actors[2];
        if (actor.name === 'B' && c !== undefined) pending.push(own.send(actor, [c]));
      });
      const [a, b, c] = stage.actors;
      assert.ok(a !== undefined && b !== undefined && c !== undefined);
      for (let at = 0; at < 60; at += 1) {
        // Not awaited in between: the message to B must not overtake the one to C.
        pending.push(stage.send(a, [c]), stage.send(a, [b]));
        if (at % 5 === 0) await turns(1);
      }
      await eventually('B has heard all', () => b.got.length === 60);
      await within('all sends', Promise.all(pending));
      await judge(stage, world.manifest.order, 'told by a message');
    },
  },
  {
    id: 'C51',
    title: 'what A sent completely before it told B by a side channel comes before what B then sends',
    applies: isTotal,
    run: async (world) => {
      const stage = await setStage(world, ['A', 'B', 'X', 'Y']);
      const [a, b, x, y] = stage.actors;
      assert.ok(a !== undefined && b !== undefined && x !== undefined && y !== undefined);
      for (let at = 0; at < 60; at += 1) {
        const receivers = at % 3 === 0 ? [x, y] : [x];
        const first = await stage.send(a, receivers);
        await stage.send(b, [...receivers].reverse(), [first]);
      }
      await judge(stage, 'total', 'told by a side channel');
    },
  },
  {
    id: 'C51',
    title: 'an answer comes after what its sender sent before on the same peer',
    applies: isCausal,
    run: async (world) => {
      const caller = await world.connect();
      const owner = await world.connect();
      const seen: string[] = [];
      const tray = createCollector(caller.peer, ({ bytes }) => seen.push(textOf(bytes)));
      const toCaller = await world.handleTo(caller, tray.node, owner);
      const inbox = createCollector(owner.peer, ({ bytes, reply }) => {
        void toCaller.send({ bytes: bytesOf(`event ${textOf(bytes)}`) });
        reply?.send({ bytes });
      });
      const handle = await world.handleTo(owner, inbox.node, caller);
      for (let at = 0; at < 30; at += 1) {
        await within('a call', handle.call({ bytes: bytesOf(`${at}`) }));
        assert.equal(seen.at(-1), `event ${at}`, 'the event came first');
      }
    },
  },
  {
    id: 'C51',
    title: 'also while what A sent to C waits because C does not read',
    applies: (manifest) => isCausal(manifest) && manifest.crossProcess,
    run: async (world) => {
      const [a, b] = [await world.connect(), await world.connect()];
      const c = await world.spawn();
      await c.ask('connect', world.path);
      await c.ask('node', 'c', 'keep');
      await c.ask('put', 'c');
      const [fromA, fromB] = [await take(a.root, 'c'), await take(b.root, 'c')];
      await c.ask('drop', 'c');
      const sent: SentMessage[] = [];
      const pending: Promise<string | undefined>[] = [];
      const send = (handle: Handle, message: SentMessage): void => {
        sent.push(message);
        pending.push(accepted(handle, message.id));
      };
      const inbox = createCollector(b.peer, ({ bytes }) => {
        const told = textOf(bytes);
        send(fromB, { id: told.replace('told', 'b'), channels: ['B→C'], after: [told] });
      });
      const toB = await world.handleTo(b, inbox.node, a);
      let last: string | undefined;
      for (let round = 0; round < 6; round += 1) {
        c.stop();
        for (let at = 0; at < 40; at += 1) {
          // The load fills C's queue; what is told comes after it.
          const [cause, told] = [`a${round}.${at}`, `told${round}.${at}`];
          const after = last === undefined ? [] : [last];
          send(fromA, { id: cause, channels: ['A→C'], after });
          send(toB, { id: told, channels: ['A→B'], after: [cause] });
          last = told;
        }
        await turns(1 + 3 * round);
        c.resume();
        await eventually('everything ends', async () => {
          const open = pending.length;
          await within('all sends end', Promise.all(pending));
          await world.settle();
          return pending.length === open;
        });
      }
      const outcomes = await Promise.all(pending);
      const expected = outcomes.filter((id) => id?.startsWith('a') || id?.startsWith('b'));
      assert.ok(
        outcomes.some((id) => id?.startsWith('b')),
        'B told C something',
      );
      const texts = async (): Promise<string[]> => (await c.ask('texts', 'c')) as string[];
      await eventually(
        'all that was accepted arrives',
        async () => (await texts()).length >= expected.length,
      );
      const received = new Map([
        ['C', await texts()],
        ['B', inbox.texts],
      ]);
      assert.deepEqual([...(await texts())].sort(), [...expected].sort(), 'what was accepted, once');
      assert.equal(checkOrder({ sent, received }, 'causal')?.text, undefined);
    },
  },
  {
    id: 'C52',
    title: 'sequence is 0 and promises nothing',
    applies: (manifest) => !isTotal(manifest),
    run: async (world) => {
      const [owner, sender] = [await world.connect(), await world.connect()];
      const inbox = createCollector(owner.peer, ({ bytes, reply }) => reply?.send({ bytes }));
      const handle = await world.handleTo(owner, inbox.node, sender);
      const bytes = bytesOf('no number');
      assert.equal(await within('a send', handle.send({ bytes })), 0);
      assert.equal((await within('a call', handle.call({ bytes }))).sequence, 0);
      assert.equal((await within('a multicast', sender.peer.multicast([handle], { bytes }))).sequence, 0);
      await inbox.delivery(2);
      assert.deepEqual(
        inbox.deliveries.map(({ sequence }) => sequence),
        [0, 0, 0],
      );
    },
  },
];
