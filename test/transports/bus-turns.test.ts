/**
 * Rule Q6: what one user asks of the broker in one packet or in one turn does not keep it from the others. Work is counted in the
 * core's own steps, so nothing here depends on how fast the machine is.
 */
import { openSync } from 'node:fs';
import test from 'ava';
import * as limits from '../../broker/contract/limits.js';
import { closeDescriptors } from '../../transports/bus/descriptors.js';
import * as wire from '../../transports/bus/wire.js';
import { BusRig } from '../support/bus-rig.js';
import { openDescriptors } from '../support/leaks.js';
import { ownNode, RawBusClient, unknownId } from '../support/raw-bus-client.js';

/** A turn of one connection, and the operation that was begun in it. */
const turnMax = limits.connectionTurnStepsMax + 2 * limits.multicastHandlesMax;
const roundMax = limits.userTurnStepsMax + turnMax;
const destinations = 1_000;

const eventLoop = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Steps that the core takes while this goes on. */
function stepsOf(rig: BusRig, act: () => void): number {
  const { steps } = rig.router.core.effort;
  act();
  return rig.router.core.effort.steps - steps;
}

/** Lets the rounds go on until there are none; the most steps of one of them. */
async function rounds(rig: BusRig): Promise<number> {
  let most = 0;
  for (let quiet = 0; quiet < 4; ) {
    const { steps } = rig.router.core.effort;
    rig.loop.turn();
    await eventLoop();
    const done = rig.router.core.effort.steps - steps;
    most = Math.max(most, done);
    quiet = done === 0 ? quiet + 1 : 0;
  }
  return most;
}

/** A client whose list has a thousand own nodes, and perhaps an id behind them that refuses each multicast. */
async function lister(rig: BusRig, isRefused: boolean, uid?: number): Promise<RawBusClient> {
  const client = new RawBusClient(rig, uid);
  client.write(Array.from({ length: destinations }, (_, at) => client.create(at)));
  const ids = Array.from({ length: destinations }, (_, at) => ownNode(at));
  client.write([client.list(isRefused ? [...ids, unknownId] : ids)]);
  await rounds(rig);
  client.heard.length = 0;
  return client;
}

function rigOf(): BusRig {
  return new BusRig(({ reply }) => reply?.send({ bytes: new Uint8Array(0) }));
}

function end(rig: BusRig, ...clients: RawBusClient[]): void {
  for (const client of clients) client.close();
  rig.loop.turn();
  rig.own.close();
  for (const connection of [...rig.connections]) connection.close();
}

test.serial(
  'Q6, O3: a packet full of refused multicasts to a thousand is carried out a part at a time, in order',
  async (t) => {
    const rig = rigOf();
    const client = await lister(rig, true);
    const frames = Array.from({ length: 300 }, () => client.multicast());
    const first = stepsOf(rig, () => client.write(frames));
    t.true(first <= turnMax, `${first} steps at once`);
    const most = await rounds(rig);
    t.true(most <= roundMax, `${most} steps between two turns`);
    t.deepEqual(
      client.heard,
      frames.map((_, at) => `refused ${destinations + 2 + at}`),
    );
    end(rig, client);
  },
);

test.serial(
  'Q6: a packet full of partial multicasts that find no room is carried out a part at a time',
  async (t) => {
    const rig = rigOf();
    const client = await lister(rig, false);
    // Nobody takes what the client sends to itself, and it does not take the answers.
    const socket = client.brokerEnd;
    socket?.block();
    const frames = Array.from({ length: 300 }, () => client.multicast(wire.partialFlag));
    const first = stepsOf(rig, () => client.write(frames));
    t.true(first <= turnMax, `${first} steps at once`);
    t.true((await rounds(rig)) <= roundMax);
    const queued = socket?.queuedBytes ?? 0;
    t.true(queued > 0 && queued < 8 * 1024 * 1024, `${queued} bytes wait for it`);
    socket?.unblock();
    t.true((await rounds(rig)) <= roundMax);
    end(rig, client);
  },
);

test.serial(
  'Q6, N9: a packet full of questions for 8,000 holders is answered a part at a time, one by itself at once',
  async (t) => {
    const rig = rigOf();
    const client = new RawBusClient(rig);
    client.write([client.create(0)]);
    const { core } = rig.router;
    const outlet = { isBlocked: false, wake: () => {} };
    const [word, generation] = ownNode(0);
    const owner = [...core.census.peers(0)].at(-1);
    const holders = Array.from({ length: 8_000 }, (_, at) =>
      core.addPeer(
        { account: core.accountOf(5_000 + (at % 3)), pid: 1, uid: 5_000 + (at % 3), gid: 1 },
        outlet,
      ),
    );
    for (const holder of holders)
      if (owner !== undefined) core.introduce(owner, { word, generation }, holder);
    await rounds(rig);
    client.heard.length = 0;
    const one = stepsOf(rig, () => client.write([client.holders([word, generation])]));
    t.is(one, 8_001);
    rig.loop.turn();
    t.deepEqual(client.heard, ['holder-list 2']);
    const frames = Array.from({ length: 100 }, () => client.holders([word, generation]));
    const first = stepsOf(rig, () => client.write(frames));
    t.true(first <= 8_001, `${first} steps at once`);
    const most = await rounds(rig);
    t.true(most <= 3 * 8_002, `${most} steps between two turns`);
    t.is(client.heard.length, 101);
    t.is(client.heard.at(-1), 'holder-list 102');
    for (const holder of holders) core.endPeer(holder);
    end(rig, client);
  },
);

for (const { title, uid } of [
  { title: 'another user', uid: 4_321 },
  { title: 'the same user', uid: undefined },
]) {
  test.serial(
    `Q6: while many connections of a user flood the broker, a call of ${title} is answered after a bounded number of steps`,
    async (t) => {
      const rig = rigOf();
      const flooders: RawBusClient[] = [];
      for (let at = 0; at < 20; at += 1) flooders.push(await lister(rig, true));
      const caller = new RawBusClient(rig, uid);
      for (const flooder of flooders) {
        for (let again = 0; again < 3; again += 1) {
          flooder.write(Array.from({ length: 200 }, () => flooder.multicast()));
        }
      }
      const since = rig.router.core.effort.steps;
      caller.write([caller.send(caller.root, 'question', 0, 5)]);
      let turns = 0;
      for (; caller.heard.length === 0 && turns < 1_000; turns += 1) {
        rig.loop.turn();
        await eventLoop();
      }
      const steps = rig.router.core.effort.steps - since;
      t.deepEqual(caller.heard, ['answer 5']);
      // Of the same user: each of the others before it has a part.
      const partsBefore = uid === undefined ? flooders.length : 1;
      t.true(steps <= (partsBefore + 4) * roundMax, `${steps} steps, ${turns} turns`);
      end(rig, ...flooders, caller);
    },
  );
}

test.serial(
  'Q6, C6: what a peer has written before its end is carried out before its end, also what was put off',
  async (t) => {
    const before = openDescriptors().size;
    const texts: string[] = [];
    const rig = new BusRig(({ bytes, descriptors }) =>
      texts.push(`${new TextDecoder().decode(bytes).trim()} ${descriptors.length}`),
    );
    const client = await lister(rig, true);
    const fill = (): Uint8Array[] => Array.from({ length: 8 }, () => client.multicast());
    client.write([client.send(client.root, 'one'), ...fill(), client.send(client.root, 'two'), ...fill()]);
    client.write([...fill(), client.send(client.root, 'three')]);
    t.is(texts.length, 0);
    client.close();
    await rounds(rig);
    t.deepEqual(texts, ['one 0', 'two 0', 'three 0']);
    t.is(rig.connections.size, 0);
    t.is(openDescriptors().size, before);
    end(rig);
  },
);

test.serial(
  'Q3, Q6: what is put off for connections that take no answers is bounded for their user, and its descriptors are closed',
  async (t) => {
    const rig = rigOf();
    const flooders: RawBusClient[] = [];
    for (let at = 0; at < 40; at += 1) {
      const client = await lister(rig, true);
      // The last one would read why it was ended.
      if (at < 39) client.brokerEnd?.block();
      flooders.push(client);
    }
    // Numbers that are no descriptors: what the broker keeps is what it counts.
    const descriptors = Array.from({ length: limits.packetDescriptorsMax }, (_, at) => 50_000_000 + at);
    const account = [...rig.router.core.census.peers(0)].find(({ identity }) => identity.uid === 1000)?.user;
    if (account === undefined) throw new Error('the clients are not there');
    const kept = rig.router.turns.loadOf(account).user;
    let most = 0;
    for (const client of flooders) {
      client.write(Array.from({ length: 200 }, () => client.multicast()));
      for (let packet = 0; packet < 63; packet += 1) {
        const frame = client.send(ownNode(0), 'full', 0);
        frame[6] = limits.packetDescriptorsMax;
        client.write([frame], descriptors);
        most = Math.max(most, kept.descriptors);
      }
    }
    t.true(most <= limits.userPutOffDescriptorsMax, `${most} descriptors are kept`);
    t.true(kept.bytes <= limits.userPutOffBytesMax);
    // A whole burst of one had room; the others, who wanted as much again, had not. There is still some for a newcomer.
    t.is(rig.connections.size, 1);
    const newcomer = await lister(rig, true);
    newcomer.write(Array.from({ length: 200 }, () => newcomer.multicast()));
    const few = newcomer.send(ownNode(0), 'few', 16);
    newcomer.write([few], descriptors.slice(0, 16));
    t.is(rig.connections.size, 2);
    for (const client of flooders) client.brokerEnd?.unblock();
    const other = await lister(rig, true, 4_321);
    await rounds(rig);
    t.false(flooders[0]?.isEnded ?? true);
    t.true(flooders.at(-1)?.isEnded ?? false);
    t.is(flooders.at(-1)?.heard.at(-1), 'close ');
    t.false(newcomer.isEnded);
    t.deepEqual([kept.descriptors, kept.bytes], [0, 0]);
    end(rig, ...flooders, newcomer, other);
  },
);

test.serial('Q6: a connection that ends takes what is counted for its backlog along', async (t) => {
  const rig = rigOf();
  const client = await lister(rig, true);
  const before = openDescriptors().size;
  const [peer] = [...rig.router.core.census.peers(0)].filter(({ identity }) => identity.uid === 1000);
  if (peer === undefined) throw new Error('the client is not there');
  const kept = rig.router.turns.loadOf(peer.user).user;
  const fill = (): Uint8Array[] => Array.from({ length: 8 }, () => client.multicast());
  client.write([...fill(), client.send(ownNode(0), 'one', 1)], [openSync('/dev/null', 'r')]);
  client.write([client.send(ownNode(0), 'two', 1)], [openSync('/dev/null', 'r')]);
  t.is(kept.descriptors, 2);
  t.true(kept.bytes > 2 * limits.itemOverheadBytes);
  for (const connection of [...rig.connections]) connection.close();
  t.deepEqual([kept.descriptors, kept.bytes], [0, 0]);
  t.is(openDescriptors().size, before);
  await rounds(rig);
  end(rig, client);
});

test.serial(
  'F1, Q6: descriptors in what was put off arrive, and a packet that is wrong ends the connection in its turn',
  async (t) => {
    const before = openDescriptors().size;
    const rig = rigOf();
    const receiver = new RawBusClient(rig);
    const client = await lister(rig, true);
    const fill = (): Uint8Array[] => Array.from({ length: 8 }, () => client.multicast());
    const open = (): number => openSync('/dev/null', 'r');
    // Own nodes as destinations: what the client sends comes back to it.
    const to = ownNode(0);
    client.write([client.send(to, 'a', 1), ...fill(), client.send(to, 'b', 2)], [open(), open(), open()]);
    client.write([client.send(to, 'c', 1)], [open()]);
    const last = [...fill(), client.send(to, 'wrong', 1)];
    // No kind of frame.
    last.at(-1)?.set([0x77], 4);
    client.write(last, [open()]);
    client.write([client.send(to, 'd', 1)], [open()]);
    t.false(client.isEnded);
    await rounds(rig);
    t.deepEqual(
      client.heard.filter((text) => text.startsWith('message')),
      ['message a', 'message b', 'message c'],
    );
    t.is(client.heard.at(-1), 'close ');
    t.true(client.isEnded);
    t.is(client.descriptors.length, 4);
    closeDescriptors(client.descriptors);
    t.is(openDescriptors().size, before);
    t.false(receiver.isEnded);
    end(rig, receiver);
  },
);
