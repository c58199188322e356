/**
 * A shelf: one published node through which others get handles to many nodes of the same owner.
 *
 * A call with two numbers (u32: from which node, how many, at most 64) is answered with handles to these; what else comes is for whoever
 * made the shelf.
 */
import {
  type CapabilityNode,
  type Handle,
  limits,
  type Peer,
  type Receiver,
} from '../../broker/contract/index.js';

const requestBytes = 8;
const nothing = new Uint8Array(0);

/** Makes the published node of a shelf. `nodes` stay the caller's; other messages go to `otherwise`. */
export function createShelf(
  peer: Peer,
  nodes: readonly CapabilityNode[],
  otherwise: Receiver['message'] = discard,
): CapabilityNode {
  return peer.createNode({
    message(delivery): void {
      const { bytes, reply } = delivery;
      if (reply === undefined || bytes.length !== requestBytes) {
        otherwise(delivery);
        return;
      }
      const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
      const first = view.getUint32(0, true);
      reply.send({ bytes: nothing, handles: nodes.slice(first, first + view.getUint32(4, true)) });
    },
  });
}

function discard({ handles, reply }: Parameters<Receiver['message']>[0]): void {
  for (const handle of handles) handle.close();
  reply?.close();
}

/** Handles to the first `count` nodes of the shelf; the caller's. Throws if it has not so many. */
export async function takeHandles(shelf: Handle, count: number): Promise<Handle[]> {
  const handles: Handle[] = [];
  while (handles.length < count) {
    const request = new DataView(new ArrayBuffer(requestBytes));
    request.setUint32(0, handles.length, true);
    request.setUint32(4, Math.min(limits.messageHandlesMax, count - handles.length), true);
    const answer = await shelf.call({ bytes: new Uint8Array(request.buffer) });
    if (answer.handles.length === 0) throw new Error('the shelf has no more nodes');
    handles.push(...answer.handles);
  }
  return handles;
}
