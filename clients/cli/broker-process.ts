/**
 * The broker's process, started by init: the composition root. What the broker is made of is chosen here and nowhere else: real
 * time, the packet loop, the transports of the catalog.
 */
import { readFileSync, writeSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { limits } from '../../broker/contract/index.js';
import { createBroker, initDescriptor } from '../../broker/index.js';
import { loadNative, mappedBlockBytes } from '../../broker/native/addon.js';
import { openPacketLoop } from '../../broker/native/packet-loop.js';
import { createTime } from '../../broker/native/time.js';
import { createReadinessSockets, transports } from '../../transports/catalog.js';
import { ErrorOutput } from './error-output.js';

const stderr = 2;

/** Writes to a descriptor; a reader that is gone or does not read is no reason to end. */
function write(descriptor: number, text: string): void {
  try {
    writeSync(descriptor, text);
  } catch {
    // Nothing can be said to anybody.
  }
}

function start(): void {
  const { values, positionals } = parseArgs({
    args: process.argv.slice(2),
    allowPositionals: true,
    options: {
      socket: { type: 'string', default: '' },
      mode: { type: 'string', default: 'user' },
      form: { type: 'string', default: 'text' },
      'services-dir': { type: 'string', multiple: true, default: [] },
      'ready-fd': { type: 'string' },
      'spin-us': { type: 'string', default: '0' },
    },
  });
  const descriptor = initDescriptor(process.env);
  const { packetBytesMax, descriptorReserve } = limits;
  // A broker that once had a million handles shall be small again when they are released.
  loadNative().mapBlocksFrom(mappedBlockBytes);
  const loop = openPacketLoop({ packetBytesMax, descriptorReserve, spinUs: Number(values['spin-us']) });
  const time = createTime();
  const errors = new ErrorOutput(time);
  const { version } = JSON.parse(readFileSync(new URL('../../../package.json', import.meta.url), 'utf8')) as {
    version: string;
  };
  const readyFd = values['ready-fd'];
  createBroker({
    ...{ time, loop, initDescriptor: descriptor, version },
    transports: transports
      .filter((entry) => entry.manifest.crossProcess)
      .map((entry) => entry.create({ loop, time })),
    socketPath: values.socket,
    openReadinessSocket: createReadinessSockets(loop),
    mode: values.mode === 'system' ? 'system' : 'user',
    serviceDirectories: values['services-dir'],
    startNames: positionals,
    environment: { ...process.env, CAPSTAN_INIT_FD: undefined },
    identity: { pid: process.pid, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
    diagnostics: values.form === 'quiet' ? 'quiet' : values.form === 'json' ? 'json' : 'text',
    write: (line) => errors.write(line),
    ready: (isFirst) => {
      // Only once: whoever waited for the line has it.
      if (readyFd === undefined || !isFirst) return;
      write(Number(readyFd), `ready ${values.socket}\n`);
    },
    exit: (status) => {
      errors.flush();
      process.exit(status);
    },
  });
}

try {
  start();
} catch (error) {
  write(stderr, `capstan: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
}
