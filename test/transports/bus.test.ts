/**
 * The bus keeps the contract.
 */
import test from 'ava';
import { descriptorReserve, packetBytesMax } from '../../broker/contract/limits.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { createTime } from '../../broker/native/time.js';
import { createBusTransport, manifest } from '../../transports/bus/index.js';
import { type Fixture, transportConformance } from '../conformance/index.js';
import { rawConnect } from '../support/raw-connection.js';

const loop = openPacketLoop({ packetBytesMax, descriptorReserve });

const fixture: Fixture = {
  name: 'bus',
  manifest,
  create: () => createBusTransport({ loop, time: createTime() }),
  rawConnect: async (path) => rawConnect(loop, path),
};

transportConformance(test, fixture);

test.after.always('the loop is closed', () => {
  loop.release();
});
