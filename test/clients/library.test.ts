/** The library, as an application uses it: addresses, errors, streams that end, and what closing closes. */
import test from 'ava';
import { createControl } from '../../broker/control/index.js';
import { createTime } from '../../broker/native/time.js';
import {
  BrokerError,
  connect,
  createTransport,
  defaultSocket,
  ErrorCode,
  hasCode,
  type ServiceEvent,
  transportParts,
  transportSocket,
} from '../../clients/library/index.js';
import { createMemoryTransport } from '../../transports/memory/index.js';
import { controlTransports, inControlWorld } from '../support/control-world.js';
import { eventually, within } from '../support/eventually.js';
import { FakeSupervisor } from '../support/fake-supervisor.js';

test('a spin time is a whole number up to its limit, and the first one counts for the process', async (t) => {
  for (const spinUs of [-1, 1.5, 101, Number.NaN]) {
    const error = await t.throwsAsync(transportParts({ spinUs }));
    t.true(hasCode(error, ErrorCode.InvalidArgument), String(spinUs));
  }
  const parts = await transportParts({ spinUs: 0 });
  t.is(await transportParts(), parts);
  t.is(await transportParts({ spinUs: 0 }), parts);
  const error = await t.throwsAsync(transportParts({ spinUs: 50 }), { message: /made with 0/ });
  t.true(hasCode(error, ErrorCode.InvalidArgument));
});

test('the default socket follows CAPSTAN_SOCKET, the user and the mode', (t) => {
  t.is(defaultSocket({ env: { CAPSTAN_SOCKET: '/a' }, uid: 1 }), '/a');
  t.is(defaultSocket({ env: { XDG_RUNTIME_DIR: '/run/user/1' }, uid: 1 }), '/run/user/1/capstan/control');
  t.is(defaultSocket({ env: { XDG_RUNTIME_DIR: '/run/user/0' }, uid: 0 }), '/run/capstan/control');
  t.is(defaultSocket({ env: { XDG_RUNTIME_DIR: '/x' }, uid: 0, mode: 'user' }), '/x/capstan/control');
  t.is(defaultSocket({ env: {}, uid: 1, mode: 'system' }), '/run/capstan/control');
  const error = t.throws(() => defaultSocket({ env: {}, uid: 1 }));
  t.true(hasCode(error, ErrorCode.InvalidArgument));
  t.is(transportSocket('/a', 'sockets'), '/a');
  t.is(transportSocket('/a', 'bus'), '/a.bus');
});

test('connecting to nobody, or by a transport that does not exist, is said by code', async (t) => {
  const code = async (promise: Promise<unknown>): Promise<string> => {
    const error = await t.throwsAsync(promise);
    return error instanceof BrokerError ? error.codeName : String(error);
  };
  t.is(await code(connect({ socket: '/nowhere/at/all' })), 'unreachable');
  t.is(await code(connect({ socket: '/nowhere/at/all', transport: 'bus' })), 'unreachable');
  t.is(await code(connect({ transport: 'pigeon' })), 'invalid-argument');
  t.is(await code(createTransport('pigeon')), 'invalid-argument');
  t.is(await code(connect({ socket: `/${'x'.repeat(120)}` })), 'address-too-long');
});

test('an application talks to a manager on a transport that it made itself', async (t) => {
  const time = createTime();
  const transport = createMemoryTransport({ time });
  const supervisor = new FakeSupervisor();
  supervisor.add('web');
  const facts = { version: '1', pid: 1, uid: process.geteuid?.() ?? 0, mode: 'user' } as const;
  const control = createControl({ supervisor, time, facts: { ...facts, socketOf: () => 'm' } });
  const server = await transport.serve({
    path: transportSocket('m', 'memory'),
    root: (made) => control.publish(made, 'memory'),
  });
  const manager = await connect({ transport, socket: 'm' });
  const web = await manager.find('web');
  t.is((await web.start()).state, 'started');
  web.close();
  const closed = await t.throwsAsync(web.status());
  t.true(hasCode(closed, ErrorCode.Closed));
  manager.close();
  manager.close();
  t.true(hasCode(await t.throwsAsync(manager.ping()), ErrorCode.Closed));
  control.close();
  server.close();
});

for (const entry of controlTransports) {
  test.serial(
    `${entry.name}: leaving the loop over events closes the stream, here and at the manager`,
    async (t) => {
      const seen: ServiceEvent[] = [];
      await inControlWorld(entry, async ({ connect: join, supervisor }) => {
        supervisor.add('web');
        const manager = await join();
        const events = await manager.events();
        const other = await (await join()).find('web');
        await other.start();
        await eventually('the events', () => supervisor.find('web')?.state === 'started');
        for await (const event of events) {
          seen.push(event);
          if (event.kind === 'started') break;
        }
        // Leaving the loop has closed it: the manager hears of it, which inControlWorld insists on.
        await manager.ping();
      });
      t.is(seen.at(-1)?.status?.state, 'started');
    },
  );

  test.serial(
    `${entry.name}: a stream whose connection is closed ends, and a call under way is settled`,
    (t) =>
      inControlWorld(entry, async ({ connect: join, supervisor }) => {
        supervisor.add('slow', 'manual');
        const manager = await join();
        const events = await manager.events();
        const reading = (async () => {
          for await (const event of events) t.truthy(event);
        })();
        const waiting = (await manager.find('slow')).start();
        await eventually('the start', () => supervisor.find('slow')?.state === 'starting');
        manager.close();
        t.true(hasCode(await t.throwsAsync(waiting), ErrorCode.Closed));
        await within('the end of the stream', reading);
      }),
  );

  test.serial(`${entry.name}: an abort signal ends a wait`, (t) =>
    inControlWorld(entry, async ({ connect: join, supervisor }) => {
      const slow = supervisor.add('slow', 'manual');
      const service = await (await join()).find('slow');
      const abort = new AbortController();
      const waiting = service.start({ signal: abort.signal });
      await eventually('the start', () => supervisor.find('slow')?.state === 'starting');
      abort.abort();
      t.true(hasCode(await t.throwsAsync(waiting), ErrorCode.Aborted));
      t.is((await service.status()).state, 'starting');
      supervisor.finish(slow, 'started');
    }),
  );
}
