/** Requests that nobody meant: every one is answered, and nothing is left of them. */
import test from 'ava';
import { Request, Response } from '../../../broker/contract/control.js';
import { BrokerError, type Handle } from '../../../broker/contract/index.js';
import { controlTransports, inControlWorld } from '../../support/control-world.js';
import { within } from '../../support/eventually.js';
import { createRandom, type Random } from '../../support/random.js';
import { someRequests } from '../../support/some-requests.js';

/** Random bytes, or a request with some bytes changed, cut off or added. */
function garbage(random: Random): Uint8Array {
  if (random.below(3) === 0) return Uint8Array.from({ length: random.below(60) }, () => random.below(256));
  const bytes = Request.encode(someRequests[random.below(someRequests.length)] ?? {})
    .finish()
    .slice();
  for (let changes = random.below(4); changes > 0 && bytes.length > 0; changes -= 1) {
    bytes[random.below(bytes.length)] = random.below(256);
  }
  return random.below(3) === 0 ? bytes.slice(0, random.below(bytes.length + 1)) : bytes;
}

for (const entry of controlTransports) {
  test.serial(`${entry.name}: garbage is answered, and nothing of it is left`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      const seed = Date.now() & 0xffff;
      t.log(`seed ${seed}`);
      const random = createRandom(seed);
      supervisor.add('web', 'instant', [{ number: 1, wallMs: 1, text: 'x' }]);
      const manager = await connect();
      const witness = await connect();
      const node = manager.peer.createNode({
        message: (delivery) => {
          for (const handle of delivery.handles) handle.close();
        },
      });
      let service: Handle | undefined;
      for (let at = 0; at < 400; at += 1) {
        if (service === undefined || service.isGone) {
          supervisor.find('web') ?? supervisor.add('web');
          service = (await manager.find('web')).handle;
        }
        const object = random.below(2) === 0 ? manager.handle : service;
        const handles = Array.from({ length: random.below(3) }, () => node);
        try {
          const answer = await within(
            'an answer',
            object.call({ bytes: garbage(random), handles }, { deadlineMs: 3000 }),
          );
          t.truthy(Response.decode(answer.bytes));
          for (const handle of answer.handles) handle.close();
        } catch (error) {
          // A service that was unloaded by chance, before the call or while it was under way.
          const code = error instanceof BrokerError ? error.codeName : String(error);
          t.true(code === 'node-gone' || code === 'reply-lost', code);
          t.is(object, service);
          await within('the end of an unloaded service', object.gone);
        }
        if (supervisor.isShuttingDown) supervisor.isShuttingDown = false;
      }
      await witness.ping();
      t.is((await witness.list()).length, supervisor.list().length);
    }),
  );
}
