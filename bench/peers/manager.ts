/**
 * A whole manager with its client in one process, over `memory`: what a control call costs without any socket.
 *
 *   node manager.js launch DIRECTORY NAMES OPERATION COUNT   becomes capstan-init, which runs the next
 *   node manager.js run DIRECTORY NAMES OPERATION COUNT      the broker, serving the services in DIRECTORY over memory, and the client
 *
 * NAMES are the services that are started, with commas between; the client does OPERATION (control.ts) with the first. There are COUNT
 * services in all. This is a composition root like the command's, and the only file of the benchmark that imports
 * the broker: a client in its process is what `memory` means.
 */
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { limits, type Transport } from '../../broker/contract/index.js';
import { createBroker, initDescriptor, initPath } from '../../broker/index.js';
import { loadNative } from '../../broker/native/addon.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { createTime } from '../../broker/native/time.js';
import { connect } from '../../clients/library/index.js';
import { createMemoryTransport } from '../../transports/memory/index.js';
import { serveCommands } from './client-port.js';
import { canOverlap, controlOperations, createControlLoop } from './control.js';

async function serveClient(transport: Transport, socket: string): Promise<void> {
  const manager = await connect({ transport, socket });
  const operation = controlOperations.find((name) => name === wanted) ?? 'status';
  const loop = await createControlLoop(manager, operation, service, Number(count));
  await serveCommands(loop, [], canOverlap(operation));
  await manager.shutdown();
  manager.close();
}

function run(directory: string): void {
  const time = createTime();
  const { packetBytesMax, descriptorReserve } = limits;
  const transport = createMemoryTransport({ time });
  const socketPath = join(directory, 'memory');
  const write = (line: string): void => void process.stderr.write(line);
  createBroker({
    time,
    loop: openPacketLoop({ packetBytesMax, descriptorReserve }),
    initDescriptor: initDescriptor(process.env),
    transports: [transport],
    socketPath,
    mode: 'user',
    serviceDirectories: [directory],
    startNames: names.split(','),
    environment: process.env,
    version: 'benchmark',
    identity: { pid: process.pid, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
    diagnostics: 'quiet',
    write,
    ready: () => void serveClient(transport, socketPath),
    exit: (status) => process.exit(status),
  });
}

const [role = '', directory = '', names = '', wanted = 'status', count = '1'] = process.argv.slice(2);
const [service = ''] = names.split(',');
if (role === 'launch') {
  const self = fileURLToPath(import.meta.url);
  const variables = Object.entries(process.env).map(([name, value]) => `${name}=${value ?? ''}`);
  const init = initPath(process.env);
  const command = [process.execPath, self, 'run', directory, names, wanted, count];
  loadNative().execve(init, [init, '--', ...command], variables);
} else {
  run(directory);
}
