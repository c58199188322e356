/**
 * The fixture of a transport with sockets, from its entry in the catalog: all that `test/transports/<name>.test.ts` needs.
 */
import { loadNative } from '../../broker/native/addon.js';
import { createParts, transportEntry } from '../support/parts.js';
import { rawConnect } from '../support/raw-connection.js';
import type { Fixture } from './fixture.js';

/** There are no connections. */
function datagramFixture(): Fixture {
  const { name, manifest, create } = transportEntry('datagram');
  const parts = createParts();
  const rawSend = (path: string, bytes: Uint8Array): void => {
    loadNative().sendDatagram(path, bytes, 0, bytes.byteLength);
  };
  return { name, manifest, create: () => create(parts), rawSend };
}

/** The transport with this name, on the event loop of this process, which spins before it sleeps if that is said. */
export function catalogFixture(name: string, spinUs?: number): Fixture {
  if (name === 'datagram') return datagramFixture();
  const { manifest, create } = transportEntry(name);
  const parts = createParts(spinUs);
  return {
    name,
    manifest,
    create: () => create(parts),
    rawConnect: async (path) => rawConnect(parts.loop, path),
  };
}
