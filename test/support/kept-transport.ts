/**
 * A transport that remembers what was opened through it, so that a test that failed half-way leaves nothing open: a peer or a
 * server that nobody closes keeps its process alive, and then the whole file never ends.
 */
import type { Transport } from '../../broker/contract/transport.js';

export interface KeptTransport {
  readonly transport: Transport;
  /** Closes everything that was opened and is not closed yet. */
  closeAll(): void;
}

export function keepTransport(right: Transport): KeptTransport {
  const opened: { close(): void }[] = [];
  let isOver = false;
  /** The result is the transport's own promise: nothing comes later because it is remembered. */
  const keep = <T>(opening: Promise<T>, ends: (value: T) => { close(): void }): Promise<T> => {
    opening.then(
      (value) => {
        if (isOver) ends(value).close();
        else opened.push(ends(value));
      },
      () => {},
    );
    return opening;
  };
  return {
    transport: {
      name: right.name,
      manifest: right.manifest,
      serve: (options) => keep(right.serve(options), (server) => server),
      connect: (options) => keep(right.connect(options), ({ peer }) => peer),
    },
    closeAll: () => {
      isOver = true;
      for (const each of opened.splice(0).reverse()) each.close();
    },
  };
}
