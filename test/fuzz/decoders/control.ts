/**
 * Requests to the control objects: whatever the bytes are, they are answered with a response, and nothing is left of them. A packet
 * without descriptors goes to the manager; the number of descriptors of another is how many handles go with it to a service.
 */
import assert from 'node:assert/strict';
import fc from 'fast-check';
import { Request, Response } from '../../../broker/contract/control.js';
import { BrokerError, ErrorCode } from '../../../broker/contract/errors.js';
import { controlTransports, inControlWorld } from '../../support/control-world.js';
import { within } from '../../support/eventually.js';
import { someRequests } from '../../support/some-requests.js';
import type { Decoder } from '../decoder.js';
import { casesOf, words } from '../mutation.js';
import type { Case, Packet } from '../packet.js';

const encoded: readonly Packet[] = someRequests.flatMap((request) => {
  const bytes = Uint8Array.from(Request.encode(request).finish());
  return [0, 1].map((descriptors) => ({ bytes, descriptors }));
});

/** One field of any number and type, and the empty request. */
const fields: fc.Arbitrary<Packet> = fc
  .tuple(fc.nat(60), fc.nat(7), words, fc.uint8Array({ maxLength: 12 }), fc.nat(2))
  .map(([number, type, value, body, descriptors]) => {
    const varint: number[] = [];
    for (let rest = (number << 3) | type; ; rest >>>= 7) {
      varint.push(rest > 127 ? (rest & 127) | 128 : rest);
      if (rest <= 127) break;
    }
    const content = type === 2 ? [body.length, ...body] : [value & 127];
    return { bytes: Uint8Array.from([...varint, ...content]), descriptors };
  });

const memory = controlTransports.find(({ name }) => name === 'memory');

async function check(input: Case): Promise<string> {
  assert.ok(memory !== undefined);
  const said: string[] = [];
  await inControlWorld(memory, async ({ connect, supervisor }) => {
    supervisor.add('web', 'instant', [{ number: 1, wallMs: 1, text: 'x' }]);
    const manager = await connect();
    const witness = await connect();
    const node = manager.peer.createNode({
      message: (delivery) => {
        for (const handle of delivery.handles) handle.close();
      },
    });
    const service = (await manager.find('web')).handle;
    for (const { bytes, descriptors } of input) {
      const object = descriptors === 0 ? manager.handle : service;
      const handles = Array.from({ length: descriptors }, () => node);
      try {
        const answer = await within('an answer', object.call({ bytes, handles }, { deadlineMs: 3000 }));
        const response = Response.decode(answer.bytes);
        for (const handle of answer.handles) handle.close();
        said.push(
          response.error === null || response.error === undefined ? 'done' : `${response.error.code}`,
        );
      } catch (error) {
        // A service that was unloaded by chance.
        assert.ok(error instanceof BrokerError && object === service, String(error));
        assert.ok(error.code === ErrorCode.NodeGone || error.code === ErrorCode.ReplyLost, error.codeName);
        said.push(error.codeName);
        break;
      }
    }
    await witness.ping();
    assert.equal((await witness.list()).length, supervisor.list().length);
  });
  return said.join(' ');
}

export const control: Decoder = {
  name: 'control',
  cases: casesOf({ seeds: encoded, built: fields, repair: (packet) => packet, packetsMax: 5 }),
  runs: 120,
  open: async () => ({ check, close: () => {} }),
};
