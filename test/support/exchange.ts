/**
 * How peers that share nothing but a server get to know each other, by the contract alone: the server's root keeps handles
 * under names. `put` keeps the handle that comes with it, `take` answers with one, `drop` forgets it, `ping` answers.
 */
import { ErrorCode } from '../../broker/contract/errors.js';
import type {
  CapabilityNode,
  Delivery,
  Handle,
  Peer,
  Server,
  Transferable,
} from '../../broker/contract/transport.js';
import { bytesOf, textOf } from './collector.js';

/** Makes the root of a server's peer. */
export function createExchange(peer: Peer): CapabilityNode {
  const kept = new Map<string, Handle>();
  const requests: Record<string, (name: string, delivery: Delivery) => void> = {
    put: (name, { handles, reply }) => {
      const [handle, ...surplus] = handles;
      for (const other of surplus) other.close();
      kept.get(name)?.close();
      if (handle !== undefined) kept.set(name, handle);
      reply?.send({ bytes: bytesOf('kept') });
    },
    take: (name, { reply }) => {
      const handle = kept.get(name);
      reply?.send({ bytes: bytesOf(name), handles: handle === undefined ? [] : [handle] });
    },
    drop: (name, { reply }) => {
      kept.get(name)?.close();
      kept.delete(name);
      reply?.send({ bytes: bytesOf('dropped') });
    },
    ping: (name, { reply }) => reply?.send({ bytes: bytesOf(name) }),
  };
  return peer.createNode({
    message: (delivery) => {
      const [verb = '', name = ''] = textOf(delivery.bytes).split(' ');
      const request = requests[verb];
      if (request !== undefined) request(name, delivery);
      else for (const handle of delivery.handles) handle.close();
      delivery.reply?.close();
    },
  });
}

/** For `ServeOptions.root`: the same exchange for everybody who connects. */
export function exchangeAsRoot({ peer }: Pick<Server, 'peer'>): () => CapabilityNode {
  const exchange = createExchange(peer);
  return () => exchange;
}

async function request(
  root: Handle,
  text: string,
  handles: readonly Transferable[] = [],
): Promise<Handle | undefined> {
  const answer = await root.call({ bytes: bytesOf(text), handles });
  return answer.handles[0];
}

/** Leaves a handle (or a node) at the exchange. */
export async function put(root: Handle, name: string, what: Transferable): Promise<void> {
  await request(root, `put ${name}`, [what]);
}

/** Gets a handle that was left under this name. */
export async function take(root: Handle, name: string): Promise<Handle> {
  const handle = await request(root, `take ${name}`);
  if (handle === undefined) throw new Error(`nothing was put under ${name} (${ErrorCode.NotFound})`);
  return handle;
}

/** Makes the exchange close its own handle. */
export async function drop(root: Handle, name: string): Promise<void> {
  await request(root, `drop ${name}`);
}

/** A round trip. */
export async function ping(root: Handle): Promise<void> {
  await request(root, 'ping there');
}
