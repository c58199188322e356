/** The control objects, on every transport alike. */
import test from 'ava';
import { Request, Response } from '../../../broker/contract/control.js';
import { ErrorCode, hasCode, limits } from '../../../broker/contract/index.js';
import { ControlError } from '../../../clients/library/control-error.js';
import type { ServiceEvent } from '../../../clients/library/status.js';
import { controlTransports, inControlWorld } from '../../support/control-world.js';
import { eventually, within } from '../../support/eventually.js';
import { FakeSupervisor } from '../../support/fake-supervisor.js';

function code(error: unknown): string {
  return error instanceof ControlError ? error.codeName : String(error);
}

for (const entry of controlTransports) {
  const on = entry.name;

  test.serial(`${on}: ping and info answer, and info says what the manager is`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      supervisor.add('a');
      const manager = await connect();
      await manager.ping();
      const info = await manager.info();
      t.is(info.version, '1.2.3');
      t.is(info.transport, on);
      t.is(info.pid, 42);
      t.is(info.protocol, 1);
      t.is(info.services, 1);
      t.is(info.rights, 'manage');
      t.deepEqual(info.serviceDirectories, ['/fake']);
    }),
  );

  test.serial(`${on}: a service is found, started, reported and stopped`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      supervisor.add('web');
      const manager = await connect();
      const web = await manager.find('web');
      t.is(web.name, 'web');
      await web.ping();
      t.is((await web.status()).state, 'stopped');
      const started = await web.start();
      t.is(started.state, 'started');
      t.false(started.already);
      t.truthy(started.pid);
      t.true((await web.start()).already);
      const status = await web.status();
      t.is(status.state, 'started');
      t.is(status.pid, started.pid);
      t.is(status.desired, 'started');
      t.true(status.isExplicit);
      t.is(status.type, 'process');
      t.is((await web.restart()).state, 'started');
      t.not((await web.status()).pid, started.pid);
      t.is((await web.stop()).state, 'stopped');
      t.is((await web.status()).pid, undefined);
      await manager.ping();
    }),
  );

  test.serial(`${on}: a call that waits is answered when its outcome is there, and others meanwhile`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      const slow = supervisor.add('slow', 'manual');
      const manager = await connect();
      const service = await manager.find('slow');
      t.is((await service.start({ wait: false })).state, 'starting');
      let isAnswered = false;
      const waiting = service.start().then((outcome) => {
        isAnswered = true;
        return outcome;
      });
      await manager.ping();
      t.deepEqual((await service.status()).waitsFor, ['its time']);
      t.false(isAnswered);
      supervisor.finish(slow, 'started');
      t.is((await within('the start', waiting)).state, 'started');
    }),
  );

  test.serial(`${on}: what ends a wait otherwise: failure, cancellation, deadline, unloading`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      const slow = supervisor.add('slow', 'manual');
      const manager = await connect();
      const service = await manager.find('slow');
      const expect = async (wait: Promise<unknown>, wanted: number): Promise<void> => {
        const error = await t.throwsAsync(within('the answer', wait));
        t.true(hasCode(error, wanted as never), code(error));
      };
      const failing = service.start();
      await eventually('the start', () => slow.record.state === 'starting');
      slow.failure = 'it exited with status 3';
      supervisor.finish(slow, 'failed-start');
      await expect(failing, ErrorCode.StartFailed);
      const cancelled = service.start();
      await eventually('the start', () => slow.record.state === 'starting');
      supervisor.finish(slow, 'start-cancelled');
      await expect(cancelled, ErrorCode.StartFailed);
      await expect(service.start({ deadlineMs: 30 }), ErrorCode.Deadline);
      supervisor.finish(slow, 'started');
      const stopping = service.stop();
      await eventually('the stop', () => slow.record.state === 'stopping');
      supervisor.finish(slow, 'stop-cancelled');
      await expect(stopping, ErrorCode.WrongState);
    }),
  );

  test.serial(`${on}: refusals have their codes and say whom they are about`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      const db = supervisor.add('db');
      const web = supervisor.add('web');
      supervisor.link(web, db);
      supervisor.addLoadable('broken', FakeSupervisor.finding('broken', 'value', 'not a number'));
      supervisor.addLoadable('round', FakeSupervisor.finding('round', 'cycle', 'round -> round'));
      const manager = await connect();
      const expect = async (call: Promise<unknown>, wanted: number): Promise<ControlError> => {
        const error = await t.throwsAsync<ControlError>(call, { instanceOf: ControlError });
        t.true(hasCode(error, wanted as never), `${code(error)}: ${error?.message}`);
        return error as ControlError;
      };
      await expect(manager.find('absent'), ErrorCode.NotFound);
      await expect(manager.load('absent'), ErrorCode.NotFound);
      await expect(manager.find(''), ErrorCode.InvalidArgument);
      await expect(manager.find('x'.repeat(limits.serviceNameBytesMax + 1)), ErrorCode.InvalidArgument);
      t.is((await expect(manager.load('broken'), ErrorCode.BadDescription)).where, '/fake:1:1');
      await expect(manager.load('round'), ErrorCode.DependencyCycle);
      const dbService = await manager.find('db');
      const webService = await manager.find('web');
      await dbService.start();
      await webService.start();
      t.deepEqual((await expect(dbService.stop(), ErrorCode.HasDependents)).names, ['web']);
      t.is((await dbService.stop({ force: true })).state, 'stopped');
      await expect(dbService.restart(), ErrorCode.WrongState);
      await expect(dbService.signal(15), ErrorCode.WrongState);
      await expect(webService.signal(65), ErrorCode.InvalidArgument);
      await expect(webService.unload(), ErrorCode.WrongState);
      await expect(webService.wake(), ErrorCode.WrongState);
      await expect(webService.log(), ErrorCode.WrongState);
      await webService.start({ pin: true });
      await expect(webService.stop(), ErrorCode.Pinned);
      await webService.unpin();
      await webService.signal(1);
      t.deepEqual(supervisor.signals, [['web', 1]]);
      t.is((await webService.stop({ pin: true })).state, 'stopped');
      await expect(webService.start(), ErrorCode.Pinned);
    }),
  );

  test.serial(`${on}: rights belong to the handle; a facet has fewer and gives no more`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      supervisor.add('web');
      supervisor.addLoadable('other');
      const manager = await connect();
      const observer = await manager.facet('observe');
      t.is((await observer.info()).rights, 'observe');
      const denied = async (call: Promise<unknown>): Promise<void> => {
        const error = await t.throwsAsync(call);
        t.true(hasCode(error, ErrorCode.PermissionDenied), code(error));
      };
      await denied(observer.facet('manage'));
      await denied(observer.shutdown());
      await denied(observer.load('other'));
      const seen = await observer.find('web');
      t.is((await seen.status()).state, 'stopped');
      for (const call of [
        seen.start(),
        seen.stop(),
        seen.restart(),
        seen.wake(),
        seen.release(),
        seen.unpin(),
      ]) {
        await denied(call);
      }
      await denied(seen.signal(15));
      await denied(seen.unload());
      await denied(seen.facet('control'));
      const web = await manager.find('web');
      const controlled = await web.facet('control');
      t.is((await controlled.start()).state, 'started');
      t.is((await controlled.stop()).state, 'stopped');
      await denied(controlled.unload());
      t.is((await (await controlled.facet('observe')).status()).name, 'web');
      await web.unload();
      await within('the end of a handle to a service that is unloaded', controlled.handle.gone);
    }),
  );

  if (entry.manifest.credentials === 'kernel') {
    test.serial(`${on}: root and the manager's user get all rights, anybody else may observe`, (t) =>
      inControlWorld(entry, async ({ connect, supervisor }) => {
        supervisor.add('web');
        const own = process.geteuid?.() ?? 0;
        t.is((await (await connect(own)).info()).rights, 'manage');
        t.is((await (await connect(0)).info()).rights, 'manage');
        const stranger = await connect(own + 4711);
        t.is((await stranger.info()).rights, 'observe');
        const error = await t.throwsAsync((await stranger.find('web')).start());
        t.true(hasCode(error, ErrorCode.PermissionDenied));
      }),
    );
  }

  test.serial(`${on}: garbage and unknown methods are refused by code, and the handle works on`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      supervisor.add('web');
      const manager = await connect();
      const web = await manager.find('web');
      const refused = async (bytes: Uint8Array): Promise<number> => {
        const answer = await within('an answer', manager.handle.call({ bytes }));
        return Response.decode(answer.bytes).error?.code ?? 0;
      };
      t.is(await refused(Uint8Array.of(0xff, 0xff, 0xff)), ErrorCode.Protocol);
      t.is(await refused(Uint8Array.of()), ErrorCode.UnknownMethod);
      t.is(await refused(Uint8Array.of(0xa2, 0x1f, 0)), ErrorCode.UnknownMethod);
      t.is(await refused(Request.encode({ start: {} }).finish()), ErrorCode.UnknownMethod);
      const answer = await web.handle.call({ bytes: Request.encode({ list: {} }).finish() });
      t.is(Response.decode(answer.bytes).error?.code, ErrorCode.UnknownMethod);
      const missing = await manager.handle.call({ bytes: Request.encode({ subscribe: {} }).finish() });
      t.is(Response.decode(missing.bytes).error?.code, ErrorCode.InvalidArgument);
      await manager.handle.send({ bytes: Uint8Array.of(1, 2, 3), handles: [web.handle] });
      await manager.ping();
      await web.ping();
    }),
  );

  test.serial(`${on}: handles and descriptors that nobody asked for are closed`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor, usage }) => {
      supervisor.add('web');
      const manager = await connect();
      const before = usage().handles;
      let unused = 0;
      const node = manager.peer.createNode({ message: () => {}, unused: () => (unused += 1) });
      const bytes = Request.encode({ ping: {} }).finish();
      await manager.handle.call({ bytes, handles: [node, node] });
      await manager.handle.send({ bytes, handles: [node] });
      await eventually('unused', () => unused > 0 && usage().handles === before);
      node.destroy();
      t.pass();
    }),
  );

  test.serial(`${on}: lists longer than a message come whole and in order`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      const boot = supervisor.add('boot');
      const names: string[] = ['boot'];
      for (let at = 0; at < 1500; at += 1) {
        const name = `service-with-quite-a-long-name-${String(at).padStart(4, '0')}`;
        names.push(name);
        supervisor.link(boot, supervisor.add(name));
      }
      const manager = await connect();
      t.deepEqual(
        (await manager.list()).map(({ name }) => name),
        names.sort(),
      );
      const dependencies = await (await manager.find('boot')).dependencies();
      t.is(dependencies.length, 1500);
      t.is(new Set(dependencies.map(({ name }) => name)).size, 1500);
      t.is(dependencies[0]?.kind, 'depends-on');
      const dependents = await (await manager.find(names.at(-1) ?? '')).dependencies({ dependents: true });
      t.deepEqual(
        dependents.map(({ name }) => name),
        ['boot'],
      );
    }),
  );

  test.serial(`${on}: a log comes in pages, from a line on, its newest lines, and is cleared`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      const lines = Array.from({ length: 500 }, (_, at) => ({
        number: at + 1,
        wallMs: at,
        text: 'x'.repeat(400),
      }));
      supervisor.add('loud', 'instant', lines);
      const manager = await connect();
      const loud = await manager.find('loud');
      const all = await loud.log();
      t.deepEqual(
        all.lines.map(({ number }) => number),
        lines.map(({ number }) => number),
      );
      t.is(all.unfinished, 'half a l');
      t.deepEqual(
        (await loud.log({ linesMax: 3 })).lines.map(({ number }) => number),
        [498, 499, 500],
      );
      t.is((await loud.log({ linesMax: 300 })).lines.length, 300);
      t.deepEqual(
        (await loud.log({ after: 499 })).lines.map(({ number }) => number),
        [500],
      );
      t.is((await loud.log({ clear: true })).lines.length, 500);
      t.is((await loud.log()).lines.length, 0);
    }),
  );

  test.serial(
    `${on}: events come in order, with the states first where asked, until the stream is closed`,
    (t) =>
      inControlWorld(entry, async ({ connect, supervisor }) => {
        supervisor.add('a');
        const b = supervisor.add('b', 'instant', []);
        const manager = await connect();
        const stream = await manager.events({ current: true, logs: true });
        const seen: ServiceEvent[] = [];
        const reading = (async () => {
          for await (const event of stream) {
            seen.push(event);
            if (event.kind === 'shutdown') stream.close();
          }
        })();
        await eventually('the current states', () => seen.length === 2);
        await (await manager.find('a')).start();
        supervisor.write(b, 'hello');
        await manager.shutdown({ wait: true });
        await within('the end of the stream', reading);
        t.deepEqual(
          seen.map(({ kind, service, status }) => `${kind} ${service ?? ''} ${status?.state ?? ''}`),
          [
            'current a stopped',
            'current b stopped',
            'state a starting',
            'state a started',
            'started a started',
            'log b ',
            'state a stopping',
            'state a stopped',
            'stopped a stopped',
            'shutdown  ',
          ],
        );
        t.is(seen[5]?.line?.text, 'hello');
        const numbers = seen.slice(2).map(({ sequence }) => sequence);
        t.deepEqual(
          numbers,
          [...numbers].sort((x, y) => x - y),
        );
      }),
  );

  test.serial(`${on}: a service's events are of that service only, and logs only where asked`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      const a = supervisor.add('a', 'instant', []);
      supervisor.add('b');
      const manager = await connect();
      const service = await manager.find('a');
      const states = await service.events();
      const logs = await service.events({ logs: true, states: false });
      const seen: string[] = [];
      const read = async (stream: AsyncIterable<ServiceEvent>): Promise<void> => {
        for await (const event of stream) seen.push(`${event.kind} ${event.service}`);
      };
      const reading = Promise.all([read(states), read(logs)]);
      await (await manager.find('b')).start();
      supervisor.write(a, 'hello');
      await service.start();
      await eventually('the events', () => seen.length === 4);
      states.close();
      logs.close();
      await reading;
      t.deepEqual(seen.sort(), ['log a', 'started a', 'state a', 'state a']);
    }),
  );

  test.serial(
    `${on}: a subscriber that does not read loses the oldest with a count, and nobody else waits`,
    (t) =>
      inControlWorld(
        entry,
        async ({ connect, supervisor, usage }) => {
          const a = supervisor.add('a', 'instant', []);
          const manager = await connect();
          const slow = await manager.events({ logs: true, states: false });
          const written = 4000;
          for (let at = 0; at < written; at += 1) supervisor.write(a, `line ${at} ${'x'.repeat(2000)}`);
          await (await connect()).ping();
          let sum = 0;
          let last = -1;
          for await (const event of slow) {
            sum += 1 + event.lost;
            const number = Number(event.line?.text.split(' ')[1]);
            t.true(number > last);
            last = number;
            if (last === written - 1) break;
          }
          t.is(sum, written);
          t.true(usage().nodes > 0);
        },
        new FakeSupervisor(64),
      ),
  );

  test.serial(`${on}: an account has so many objects, and others are not touched by that`, (t) =>
    inControlWorld(entry, async ({ connect, supervisor }) => {
      if (entry.manifest.revocation === 'holder') {
        t.log('left out: the objects are descriptors here, and so many are not to be had');
        t.pass();
        return;
      }
      supervisor.add('web');
      const manager = await connect();
      const held = [];
      for (let at = 0; at < limits.accountObjectsMax; at += 1) held.push(await manager.find('web'));
      const error = await t.throwsAsync(manager.find('web'));
      t.true(hasCode(error, ErrorCode.OverQuota), code(error));
      await manager.ping();
      held.pop()?.close();
      await eventually('room for another', async () => {
        try {
          held.push(await manager.find('web'));
          return true;
        } catch {
          return false;
        }
      });
      for (const service of held) service.close();
    }),
  );
}
