/**
 * The memory transport for the suite, and the suite for its variants.
 */
import { createTime } from '../../broker/native/time.js';
import { createMemoryTransport, type MemoryTransport, manifest } from '../../transports/memory/index.js';
import type { Fixture } from './fixture.js';

/** The memory transport on real time. */
export const memoryFixture: Fixture = {
  name: 'memory',
  manifest,
  create: () => createMemoryTransport({ time: createTime() }),
  hold: (transport, peer) => {
    (transport as MemoryTransport).hold(peer);
    return () => (transport as MemoryTransport).release(peer);
  },
};

const features = { passesDescriptors: false, descriptorsMax: 0, messageBytesMax: 4000, handlesMax: 5 };

/** The same with less: no descriptors, and small limits. */
export const lesserFixture: Fixture = {
  ...memoryFixture,
  name: 'memory with less',
  manifest: { ...manifest, ...features },
  create: () => createMemoryTransport({ time: createTime(), features }),
};
