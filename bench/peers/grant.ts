/**
 * W3: a handle is given to a third party, who makes one call on it.
 *
 * Three parties: the *owner* of some nodes; the *giver*, who holds a handle to each; the *taker*, who has none. The giver calls the taker
 * with a number and some of its handles; the taker makes one call, with the number, on one of them (which one follows from the number, so
 * all have their turn), notes when it was answered, closes all of them and answers the giver with what it was told and with that time. A
 * sample is from before the giver's call until the taker's call was answered, both by the machine's monotonic clock; closing the handles is
 * not in it, and has happened before the next sample begins.
 *
 * An answer of another node, or to another question, is a violation, and so is a message with another number of handles.
 */
import type { CapabilityNode, Delivery, Handle, Peer } from '../../broker/contract/index.js';
import type { ClosedLoop } from './client-port.js';
import { createShelf } from './shelf.js';

/** Question: the number. Answer of the owner: number (changed), index of the node, handles seen by the taker, and the time (u64). */
const answerBytes = 20;

/** The owner's shelf of `count` nodes, each of which says which one it is. */
export function createGrantOwner(peer: Peer, count: number): CapabilityNode {
  const nodes = Array.from({ length: count }, (_, index) =>
    peer.createNode({
      message({ bytes, reply }): void {
        const answer = new DataView(new ArrayBuffer(answerBytes));
        const question = new DataView(bytes.buffer, bytes.byteOffset);
        answer.setUint32(0, question.getUint32(0, true) ^ 1, true);
        answer.setUint32(4, index, true);
        reply?.send({ bytes: new Uint8Array(answer.buffer) });
      },
    }),
  );
  return createShelf(peer, nodes);
}

async function useOne({ bytes, handles, reply }: Delivery): Promise<void> {
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const handle = handles[number % handles.length];
  if (handle === undefined) throw new Error('the taker was given nothing');
  const answer = await handle.call({ bytes });
  const answeredNs = process.hrtime.bigint();
  for (const given of handles) given.close();
  const view = new DataView(answer.bytes.buffer, answer.bytes.byteOffset);
  view.setUint32(8, handles.length, true);
  view.setBigUint64(12, answeredNs, true);
  reply?.send({ bytes: answer.bytes });
}

/** The third party. */
export function createTaker(peer: Peer): CapabilityNode {
  // What goes wrong here ends this process, and so fails the cell.
  return peer.createNode({ message: (delivery) => void useOne(delivery) });
}

/** The giver's loop: `handles` are those of the owner's first nodes, in their order. */
export function createGrantLoop(taker: Handle, handles: readonly Handle[], payloadBytes: number): ClosedLoop {
  const bytes = new Uint8Array(Math.max(payloadBytes, 4));
  const view = new DataView(bytes.buffer);
  let number = 0;
  return async (endMs, samples) => {
    let violations = 0;
    while (performance.now() < endMs && !samples.isFull) {
      number = (number + 1) >>> 0;
      view.setUint32(0, number, true);
      const start = process.hrtime.bigint();
      const answer = await taker.call({ bytes, handles });
      const got = new DataView(answer.bytes.buffer, answer.bytes.byteOffset, answer.bytes.byteLength);
      samples.add(Number(got.getBigUint64(12, true) - start) / 1e6);
      const isRight =
        got.getUint32(0, true) === (number ^ 1) >>> 0 &&
        got.getUint32(4, true) === number % handles.length &&
        got.getUint32(8, true) === handles.length;
      if (!isRight) violations++;
    }
    return violations;
  };
}
