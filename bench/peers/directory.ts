/**
 * How the processes of a cell find each other through the contract alone: the server's root is a directory that takes a handle
 * under a name and gives it to whoever asks. This is bootstrap of the benchmark, not a name service of Capstan.
 */
import type { Answer, CapabilityNode, Delivery, Handle, Peer, Session } from '../../broker/contract/index.js';

const encoder = new TextEncoder();
const decoder = new TextDecoder();

function discard(delivery: Delivery): void {
  for (const handle of delivery.handles) handle.close();
  delivery.reply?.close();
}

/** Makes the directory's node on the server's peer. Handles put into it are kept until the peer ends. */
export function createDirectory(peer: Peer): CapabilityNode {
  const entries = new Map<string, Handle>();
  const waiting = new Map<string, Delivery[]>();
  const give = (delivery: Delivery, handle: Handle): void => {
    delivery.reply?.send({ bytes: new Uint8Array(0), handles: [handle] });
  };
  return peer.createNode({
    message(delivery): void {
      const name = decoder.decode(delivery.bytes);
      const [published] = delivery.handles;
      if (published !== undefined) {
        entries.set(name, published);
        delivery.reply?.send({ bytes: new Uint8Array(0) });
        for (const asker of waiting.get(name) ?? []) give(asker, published);
        waiting.delete(name);
        return;
      }
      const entry = entries.get(name);
      if (delivery.reply === undefined) discard(delivery);
      else if (entry !== undefined) give(delivery, entry);
      else waiting.set(name, [...(waiting.get(name) ?? []), delivery]);
    },
  });
}

/** Puts a node into the directory; resolves when it can be found. */
export async function publish(session: Session, name: string, node: CapabilityNode): Promise<void> {
  await session.root.call({ bytes: encoder.encode(name), handles: [node] });
}

/** Waits until somebody publishes `name` (at most the call's default deadline); the handle is the caller's. */
export async function find(session: Session, name: string): Promise<Handle> {
  const answer: Answer = await session.root.call({ bytes: encoder.encode(name) });
  const [handle] = answer.handles;
  if (handle === undefined) throw new Error(`the directory has no ${name}`);
  return handle;
}
