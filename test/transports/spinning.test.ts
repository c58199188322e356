/**
 * The transports on a packet loop keep the contract while it spins before it sleeps. A clause alone has hardly a wait that is short
 * enough for it, so round trips with another process go on beside, in bursts.
 */
import test from 'ava';
import { descriptorReserve, packetBytesMax } from '../../broker/contract/limits.js';
import { loadNative } from '../../broker/native/addon.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { transportConformance } from '../conformance/index.js';
import { type EchoPartner, startEchoPartner } from '../support/echo-partner.js';

const spinUs = 50;
const partnerCpu = loadNative().getAffinity().at(-1) ?? 0;
const loop = openPacketLoop({ packetBytesMax, descriptorReserve, spinUs });
let partner: EchoPartner | undefined;
let timer: NodeJS.Timeout | undefined;

test.serial.before('round trips beside', async () => {
  const echo = await startEchoPartner(loop, partnerCpu, spinUs);
  partner = echo;
  const burst = async (): Promise<void> => {
    await echo.run(60);
    timer = setTimeout(() => void burst(), 5);
  };
  void burst();
});

transportConformance(test, catalogFixture('bus', spinUs));
transportConformance(test, catalogFixture('sockets', spinUs));

test.after.always('spins took place', async (t) => {
  t.log(JSON.stringify(loop.spinCounts));
  t.true(loop.spinCounts.spins > 0);
  clearTimeout(timer);
  await partner?.end();
  loop.release();
});
