/**
 * The fixture of a transport with sockets, from its entry in the catalog: all that `test/transports/<name>.test.ts` needs.
 */
import { createParts, transportEntry } from '../support/parts.js';
import { rawConnect } from '../support/raw-connection.js';
import type { Fixture } from './fixture.js';

/** The transport with this name, on the event loop of this process. */
export function catalogFixture(name: string): Fixture {
  const { manifest, create } = transportEntry(name);
  const parts = createParts();
  return {
    name,
    manifest,
    create: () => create(parts),
    rawConnect: async (path) => rawConnect(parts.loop, path),
  };
}
