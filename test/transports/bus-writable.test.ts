/** `writable()` on a handle that is closed while the broker has not seen yet what was sent over it (bus Q5). */
import test from 'ava';
import { ErrorCode, hasCode } from '../../broker/contract/errors.js';
import { catalogFixture } from '../conformance/catalog-fixture.js';
import { inWorld } from '../conformance/index.js';
import { turns, within } from '../support/eventually.js';
import { take } from '../support/exchange.js';

const messageBytes = 60_000;
/** More than a sender and the broker together keep for a receiver that does not read. */
const messagesMax = 2_000;

test.serial('Q5 writable ends with its handle, also when the broker refuses only after that', (t) =>
  inWorld(catalogFixture('bus'), async (world) => {
    const [broker, receiver] = [await world.spawn(), await world.spawn()];
    const path = `${world.directory}/broker`;
    await broker.ask('serve', path);
    await receiver.ask('connect', path);
    await receiver.ask('node', 'slow', 'keep');
    await receiver.ask('put', 'slow');
    const sender = await world.connect({ path });
    const handle = await take(sender.root, 'slow');
    const refusals: boolean[] = [];
    const send = (): Promise<unknown> =>
      handle
        .send({ bytes: new Uint8Array(messageBytes) })
        .catch((error: unknown) => refusals.push(hasCode(error, ErrorCode.OverQuota)));
    /** Sends until something is refused. */
    const flood = async (next: () => Promise<unknown>): Promise<void> => {
      const before = refusals.length;
      for (let sent = 0; refusals.length === before && sent < messagesMax; sent += 1) await next();
      t.true(refusals.length > before);
    };
    receiver.stop();
    try {
      // One after the other: it is the broker that has no more room for the receiver.
      await flood(() => within('an answer of the broker', send()));
      // Then the way to the broker is full, too.
      broker.stop();
      await flood(() => {
        void send();
        return turns(1);
      });
      const before = refusals.length;
      const writable = handle.writable();
      handle.close();
      broker.resume();
      await within('writable', writable);
      // The broker has refused what was under way.
      t.true(refusals.length > before, `${refusals.length} refusals`);
      t.true(refusals.every((isOverQuota) => isOverQuota));
    } finally {
      broker.resume();
      receiver.resume();
    }
  }),
);
