/**
 * A broker for process tests: the composition root of the command, without the command. capstan-init runs it; its one argument
 * is a `ManagerSettings` as JSON.
 */
import { writeSync } from 'node:fs';
import { createBroker, initDescriptor } from '../../broker/index.js';
import { createReadinessSockets } from '../../transports/catalog.js';
import { createParts, transportEntry } from './parts.js';

export interface ManagerSettings {
  readonly socketPath: string;
  readonly transports: readonly string[];
  readonly serviceDirectories: readonly string[];
  readonly startNames: readonly string[];
  /** Gets a line from each broker when it is ready. */
  readonly readyDescriptor: number;
}

const settings: ManagerSettings = JSON.parse(process.argv[2] ?? '');
const parts = createParts();

createBroker({
  ...parts,
  initDescriptor: initDescriptor(process.env),
  transports: settings.transports.map((name) => transportEntry(name).create(parts)),
  socketPath: settings.socketPath,
  openReadinessSocket: createReadinessSockets(parts.loop),
  mode: 'user',
  serviceDirectories: settings.serviceDirectories,
  startNames: settings.startNames,
  environment: process.env,
  version: 'test',
  identity: { pid: process.pid, uid: process.geteuid?.() ?? 0, gid: process.getegid?.() ?? 0 },
  diagnostics: 'text',
  write: (line) => {
    try {
      writeSync(2, line);
    } catch {
      // Nobody reads it any more.
    }
  },
  ready: () => writeSync(settings.readyDescriptor, `${process.pid}\n`),
  exit: (status) => process.exit(status),
});
