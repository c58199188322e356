/**
 * The memory transport keeps the contract.
 */
import test from 'ava';
import { createTime } from '../../broker/native/time.js';
import { createMemoryTransport, type MemoryTransport, manifest } from '../../transports/memory/index.js';
import { type Fixture, transportConformance } from '../conformance/index.js';

const fixture: Fixture = {
  name: 'memory',
  manifest,
  create: () => createMemoryTransport({ time: createTime() }),
  hold: (transport, peer) => {
    (transport as MemoryTransport).hold(peer);
    return () => (transport as MemoryTransport).release(peer);
  },
};

transportConformance(test, fixture);
