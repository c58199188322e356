/**
 * The control objects: what clients can do with the manager and its services, on the handles of any transport.
 *
 * `createControl` is handed the supervisor; `publish` makes a manager object for the peer of a server and returns who gets which
 * root (contract C71).
 */
import { Rights } from '../contract/control.js';
import type { RootChooser, Server, Time } from '../contract/index.js';
import type { SupervisorApi } from '../supervisor/index.js';
import type { Place } from './control-object.js';
import { Accounts, ControlRoom, type ManagerFacts } from './control-room.js';
import { createMachine, type Machine } from './machine.js';
import { ManagerObject } from './manager-object.js';
import { rightsOf } from './rights.js';

export type { ManagerFacts } from './control-room.js';
export type { Machine, MachineNames, Vitals } from './machine.js';
export { controlProtocol } from './manager-object.js';

export interface ControlParts {
  readonly supervisor: SupervisorApi;
  readonly time: Time;
  readonly facts: ManagerFacts;
  /** Names of programs and users, and the numbers of this process; default: those of this machine. */
  readonly machine?: Machine;
}

export interface Control {
  /**
   * Makes the roots of a server: `serve({ path, root: (server) => control.publish(server, 'sockets') })`. They live as long as the
   * server's peer.
   */
  publish(server: Server, transport: string): RootChooser;
  /** Ends calls that wait with `shutting-down` and listens no more; the servers are their makers' to close. Idempotent. */
  close(): void;
}

export function createControl(parts: ControlParts): Control {
  const { supervisor, time, facts } = parts;
  const room = new ControlRoom(supervisor, time, facts, parts.machine ?? createMachine());
  return {
    publish: (server, transport) => {
      const place: Place = { room, peer: server.peer, transport, accounts: new Accounts() };
      if (server.introspection !== undefined) {
        room.census.add(transport, server.introspection, server.peer.ended);
      }
      const roots = new Map<Rights, ManagerObject>();
      for (const rights of [Rights.RIGHTS_OBSERVE, Rights.RIGHTS_MANAGE]) {
        roots.set(rights, new ManagerObject(place, rights));
      }
      return (who) => roots.get(rightsOf(who, facts.uid))?.node;
    },
    close: () => room.close(),
  };
}
