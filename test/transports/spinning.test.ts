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
import { isSanitized } from '../support/sanitizers.js';

const spinUs = 50;
const partnerCpu = loadNative().getAffinity().at(-1) ?? 0;
const loop = openPacketLoop({ packetBytesMax, descriptorReserve, spinUs });
let partner: EchoPartner | undefined;
let timer: NodeJS.Timeout | undefined;
let isOver = false;

test.serial.before('round trips beside', async () => {
  const echo = await startEchoPartner(loop, partnerCpu, spinUs);
  partner = echo;
  const burst = async (): Promise<void> => {
    await echo.run(60);
    if (!isOver) timer = setTimeout(() => void burst(), 5);
  };
  void burst();
});

transportConformance(test, catalogFixture('bus', spinUs));
transportConformance(test, catalogFixture('sockets', spinUs));

test.after.always('spins took place', async (t) => {
  const counts = loop.spinCounts;
  t.log(JSON.stringify(counts));
  isOver = true;
  clearTimeout(timer);
  await partner?.end();
  loop.release();
  if (isSanitized) t.log('not demanded: with sanitizers and beside others no wait may be short enough');
  else t.true(counts.spins > 0);
});
