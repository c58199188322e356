/** The library's parts in a process whose packet loop is open already: somebody else has chosen its spin time. */
import test from 'ava';
import { limits } from '../../broker/contract/index.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { ErrorCode, hasCode, transportParts } from '../../clients/library/index.js';

test('a loop that spins already is taken as it is, and refused to who asks for another spin time', async (t) => {
  const { packetBytesMax, descriptorReserve } = limits;
  const loop = openPacketLoop({ packetBytesMax, descriptorReserve, spinUs: 50 });
  const refuse = async (spinUs: number): Promise<void> => {
    const error = await t.throwsAsync(transportParts({ spinUs }), { message: /made with 50/ });
    t.true(hasCode(error, ErrorCode.InvalidArgument), String(spinUs));
  };
  await refuse(0);
  // What was refused does not stand in the way of what is right.
  const parts = await transportParts();
  t.is(parts.loop, loop);
  t.is(await transportParts({ spinUs: 50 }), parts);
  await refuse(10);
  loop.release();
});

test('of several first calls each gets the same parts', async (t) => {
  const [one, two] = await Promise.all([transportParts(), transportParts()]);
  t.is(one, two);
});
