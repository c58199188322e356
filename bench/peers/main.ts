/**
 * The peers of a cell that are written in TypeScript: `node main.js ROLE ARGUMENTS…`. The same code over every transport of the catalog,
 * so that nothing but the transport differs. Each says "ready PID" and lives until end-of-file on its standard input.
 *
 * Configuration and reason: each peer is a process of its own with Node's defaults; deadlines are on, because a program that calls without
 * one does not survive in practice.
 */
import { dirname } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { CapabilityNode, Handle, Session, Transport } from '../../broker/contract/index.js';
import { loadNative, mappedBlockBytes } from '../../broker/native/addon.js';
import { serveCommands, servePipelined, serveUntilEnd } from './client-port.js';
import { canOverlap, controlOperations, createControlLoop } from './control.js';
import { runCrew } from './crew.js';
import { createDirectory, find, publish } from './directory.js';
import { createCaller, createEcho } from './echo.js';
import { createFanOutCost, createFanOutLoop, createReceiver } from './fan-out.js';
import { createManySink, createManyStream, runCrowd, tellMemory } from './many.js';
import { runNetClient, runNetServer } from './net-echo.js';
import { openTransport } from './open-transport.js';
import { runOrderProcess } from './order.js';
import { createContractEndpoint, createNetEndpoint } from './order-endpoint.js';
import { drives, offers, together, victim } from './parties.js';
import { createSink, createStreamLoop, needsPatience } from './stream.js';

async function hub(
  transport: Transport,
  path: string,
  untilEnd = serveUntilEnd,
  mode = 0o600,
): Promise<void> {
  const server = await transport.serve({
    path,
    mode,
    root: (own) => {
      const directory = createDirectory(own.peer);
      return () => directory;
    },
  });
  await untilEnd();
  server.close();
}

/** Offers a node under a name until end-of-file. */
async function offer(session: Session, name: string, node: CapabilityNode): Promise<void> {
  await publish(session, name, node);
  await serveUntilEnd();
  session.peer.close();
}

async function client(session: Session, payloadBytes: number): Promise<void> {
  const echo = await find(session, 'echo');
  await servePipelined(createCaller(echo, payloadBytes));
  session.peer.close();
}

async function streamClient(session: Session, payloadBytes: number): Promise<void> {
  const sink = await find(session, 'sink');
  await serveCommands(createStreamLoop(sink, { payloadBytes, isPatient: needsPatience(session.peer) }));
  session.peer.close();
}

async function fanOutSender(
  session: Session,
  receipts: string,
  payloadBytes: number,
  receivers: number,
): Promise<void> {
  const handles: Handle[] = [];
  for (let at = 0; at < receivers; at++) handles.push(await find(session, `receiver ${at}`));
  const { peer } = session;
  await serveCommands(
    receipts === 'none'
      ? createFanOutCost(peer, handles, payloadBytes, () => loadNative().threadCpuTime())
      : createFanOutLoop(peer, handles, receipts, payloadBytes),
  );
  session.peer.close();
}

/** Everything in one process: what the contract itself costs, without any system call. */
async function alone(transport: Transport, path: string, payloadBytes: number): Promise<void> {
  const server = await transport.serve({
    path,
    root: (own) => {
      const directory = createDirectory(own.peer);
      return () => directory;
    },
  });
  const owner = await transport.connect({ path });
  await publish(owner, 'echo', createEcho(owner.peer));
  const caller = await transport.connect({ path });
  await client(caller, payloadBytes);
  owner.peer.close();
  server.close();
}

async function control(
  transport: string,
  socket: string,
  name: string,
  [wanted, count = '1']: readonly string[],
): Promise<void> {
  // Loaded by those only who need it.
  const { connect } = await import('../../clients/library/index.js');
  const manager = await connect({ transport: await openTransport(transport, socket), socket });
  const operation = controlOperations.find((each) => each === wanted) ?? 'status';
  const loop = await createControlLoop(manager, operation, name, Number(count));
  await serveCommands(loop, [], canOverlap(operation));
  manager.close();
}

const [role = '', name = '', path = '', last = '', ...more] = process.argv.slice(2);
const connectTo = async (): Promise<Session> => (await openTransport(name, path)).connect({ path });
switch (role) {
  case 'hub':
    await hub(await openTransport(name, path), path);
    break;
  case 'measured-hub':
    // As the broker's own program does.
    loadNative().mapBlocksFrom(mappedBlockBytes);
    // The crowd is of several users.
    await hub(await openTransport(name, path), path, tellMemory, 0o666);
    break;
  case 'service': {
    const session = await connectTo();
    // `--delay-us N`: for the self-test only.
    const delayUs = last === '--delay-us' ? Number(more[0]) : 0;
    await offer(session, 'echo', createEcho(session.peer, delayUs));
    break;
  }
  case 'client':
    await client(await connectTo(), Number(last));
    break;
  case 'sink': {
    const session = await connectTo();
    await offer(session, 'sink', createSink(session.peer));
    break;
  }
  case 'stream':
    await streamClient(await connectTo(), Number(last));
    break;
  case 'many-sink': {
    const session = await connectTo();
    await offer(session, 'sink', createManySink(session.peer, Number(last)));
    break;
  }
  case 'many-stream': {
    const session = await connectTo();
    await serveCommands(await createManyStream(session, Number(last), Number(more[0])));
    session.peer.close();
    break;
  }
  case 'crowd':
    await runCrowd(await openTransport(name, path), path);
    break;
  case 'receivers': {
    const [first = 0, count = 1] = more.map(Number);
    const sessions: Session[] = [];
    for (let at = first; at < first + count; at++) {
      const session = await connectTo();
      sessions.push(session);
      const { peer } = session;
      const node = last === 'none' ? createSink(peer) : createReceiver(peer, last, at);
      await publish(session, `receiver ${at}`, node);
    }
    await serveUntilEnd();
    for (const { peer } of sessions) peer.close();
    break;
  }
  case 'fan-out': {
    const [payloadBytes, receivers] = more.map(Number);
    await fanOutSender(await connectTo(), last, payloadBytes ?? 0, receivers ?? 0);
    break;
  }
  case 'alone':
    await alone(await openTransport(name, path), path, Number(last));
    break;
  case 'control':
    await control(name, path, last, more);
    break;
  case 'order':
    await runOrderProcess(last, dirname(path), Number(more[0]), async (receive) =>
      name === 'node-net'
        ? createNetEndpoint(dirname(path), last, receive)
        : createContractEndpoint(await connectTo(), last, receive),
    );
    break;
  case 'net-server':
    await runNetServer(path);
    break;
  case 'net-client':
    await runNetClient(path, Number(last));
    break;
  case 'crew':
    // Of TypeScript clients: their role, transport, path and arguments.
    await runCrew(Number(name), [process.execPath, fileURLToPath(import.meta.url), path, last, ...more]);
    break;
  case 'together':
    await together(await openTransport(name, path), path, [last, ...more]);
    break;
  case 'victim':
    await victim(connectTo, [last, ...more], serveUntilEnd);
    break;
  default: {
    const transport = await openTransport(name, path);
    const connect = (): Promise<Session> => transport.connect({ path });
    const loop = await drives[role]?.(connect, [last, ...more]);
    if (loop !== undefined) await serveCommands(loop);
    else {
      const offer = offers[role];
      if (offer === undefined) throw new Error(`no peer has the role "${role}"`);
      await offer(connect, [last, ...more]);
      await serveUntilEnd();
    }
  }
}
// What a transport leaves open must not keep a finished peer alive; the leak tests look for that, not the benchmark.
process.exit(0);
