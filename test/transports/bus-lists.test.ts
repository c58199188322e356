/** Multicasts to the same handles again: the broker knows the list, and everything is as if each destination had been named. */
import test from 'ava';
import { ErrorCode } from '../../broker/contract/errors.js';
import type { Delivery, Handle } from '../../broker/contract/transport.js';
import type { BusPeer } from '../../transports/bus/peer.js';
import { decodeFrames } from '../support/bus-decoder.js';
import { BusRig } from '../support/bus-rig.js';

interface Crowd {
  readonly rig: BusRig;
  readonly sender: BusPeer;
  readonly receivers: readonly BusPeer[];
  readonly handles: Handle[];
  readonly texts: string[][];
  /** Frames from the sender since the last call. */
  frames(): string[];
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** A sender with a handle to a node of each of several peers. */
async function crowd(size: number): Promise<Crowd> {
  let left: Handle | undefined;
  const rig = new BusRig(({ handles, reply }: Delivery) => {
    if (handles[0] !== undefined) left = handles[0];
    reply?.send({
      bytes: new Uint8Array(0),
      handles: handles.length > 0 || left === undefined ? [] : [left],
    });
  });
  const { peer: sender, socket } = rig.connect();
  await rig.settle();
  const receivers: BusPeer[] = [];
  const handles: Handle[] = [];
  const texts: string[][] = [];
  for (let at = 0; at < size; at += 1) {
    const { peer } = rig.connect();
    await rig.settle();
    const seen: string[] = [];
    const node = peer.createNode({ message: ({ bytes }) => void seen.push(decoder.decode(bytes)) });
    await finish(rig, peer.root.call({ bytes: new Uint8Array(0), handles: [node] }));
    const [handle] = (await finish(rig, sender.root.call({ bytes: new Uint8Array(0) }))).handles;
    if (handle !== undefined) handles.push(handle);
    receivers.push(peer);
    texts.push(seen);
  }
  let names: string[] = [];
  rig.loop.onPacket = (from, packet) => {
    if (from === socket) names.push(...decodeFrames(packet).map(({ name }) => name));
  };
  const frames = (): string[] => {
    const all = names;
    names = [];
    return all;
  };
  return { rig, sender, receivers, handles, texts, frames };
}

async function finish<Value>(rig: BusRig, promise: Promise<Value>): Promise<Value> {
  promise.catch(() => {});
  await rig.settle();
  return promise;
}

function end({ rig, sender, receivers }: Crowd): void {
  for (const peer of [sender, ...receivers, rig.own]) peer.close();
}

test('M1: handles that are used again are told once, and named by one number from then on', async (t) => {
  const world = await crowd(6);
  const { rig, sender, handles, texts, frames } = world;
  const said: string[][] = [];
  for (const text of ['a', 'b', 'c']) {
    const sent = finish(rig, sender.multicast(handles, { bytes: encoder.encode(text) }));
    t.true((await sent).outcomes.every(({ ok }) => ok));
    said.push(frames());
  }
  t.deepEqual(said, [['multicast'], ['list', 'multicast'], ['multicast']]);
  for (const seen of texts) t.deepEqual(seen, ['a', 'b', 'c']);
  end(world);
});

test('M1: an array that was changed is another list', async (t) => {
  const world = await crowd(6);
  const { rig, sender, handles, texts } = world;
  for (let at = 0; at < 3; at += 1)
    await finish(rig, sender.multicast(handles, { bytes: encoder.encode('x') }));
  handles.pop();
  await finish(rig, sender.multicast(handles, { bytes: encoder.encode('y') }));
  t.is(texts[4]?.at(-1), 'y');
  t.is(texts[5]?.at(-1), 'x');
  end(world);
});

test('M1: more lists than the broker keeps take turns', async (t) => {
  const world = await crowd(7);
  const { rig, sender, handles, texts } = world;
  const lists = handles.map((left) => handles.filter((handle) => handle !== left));
  for (let round = 0; round < 3; round += 1) {
    for (const [at, list] of lists.entries()) {
      for (let again = 0; again < 3; again += 1) {
        await finish(rig, sender.multicast(list, { bytes: encoder.encode(`${at}`) }));
      }
    }
  }
  for (const [at, seen] of texts.entries()) {
    t.is(seen.length, 54);
    t.false(seen.includes(`${at}`), 'who was left out got nothing');
  }
  end(world);
});

test('M2, M6: a handle of a known list that is closed or gone is refused like any other', async (t) => {
  const world = await crowd(6);
  const { rig, sender, receivers, handles, texts } = world;
  for (let at = 0; at < 3; at += 1)
    await finish(rig, sender.multicast(handles, { bytes: encoder.encode('x') }));
  receivers[2]?.close();
  await rig.settle();
  const refused = await t.throwsAsync(finish(rig, sender.multicast(handles, { bytes: encoder.encode('y') })));
  t.is((refused as { code?: number } | undefined)?.code, ErrorCode.NodeGone);
  const partly = sender.multicast(handles, { bytes: encoder.encode('z') }, { partial: true });
  const { outcomes } = await finish(rig, partly);
  t.deepEqual(
    outcomes.map(({ ok }) => ok),
    [true, true, false, true, true, true],
  );
  handles[0]?.close();
  const closed = sender.multicast(handles, { bytes: encoder.encode('y') }, { partial: true });
  const error = await t.throwsAsync(finish(rig, closed));
  t.is((error as { code?: number } | undefined)?.code, ErrorCode.Closed);
  t.deepEqual(texts[5], ['x', 'x', 'x', 'z']);
  end(world);
});
