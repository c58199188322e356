/**
 * Who is connected, who holds what, who pays, and the manager's numbers, as plain objects.
 */
import type {
  AccountEntryShape,
  HandleEntryShape,
  MeasuresShape,
  PeerEntryShape,
  PeerNameShape,
  TransportMeasuresShape,
  WhichShape,
} from '../../broker/contract/control.js';
import { errorName } from '../../broker/contract/index.js';
import {
  type PassedKind,
  passedWords,
  type Rights,
  rightsWords,
  type ServiceState,
  stateWords,
  word,
} from './words.js';

/** Which entries; what is absent or empty asks for all. Where several are given, an entry fits if it fits all of them. */
export interface Which {
  /** One of the two sides is such a process. */
  readonly pids?: readonly number[];
  /** One of the two sides runs such a program (`/proc/PID/comm`). */
  readonly programs?: readonly string[];
  /** One of the two sides is of such a user. */
  readonly uids?: readonly number[];
  /** The node is an object of such a service. */
  readonly services?: readonly string[];
  /** The node has such a label, or such an id. */
  readonly nodes?: readonly string[];
  readonly transports?: readonly string[];
}

/** A party on a transport of the manager. */
export interface PeerName {
  readonly transport: string;
  /** The transport's number for it. */
  readonly id: number;
  readonly pid: number;
  readonly uid: number;
  readonly program: string | undefined;
  readonly user: string | undefined;
  /** It is the manager itself. */
  readonly isManager: boolean;
}

/** A connected peer. A count is `undefined` where the transport cannot know it. */
export interface PeerInfo extends PeerName {
  readonly ageMs: number;
  /** Rights of the handle that it was given when it connected. */
  readonly rights: Rights | undefined;
  readonly nodes: number | undefined;
  readonly handles: number | undefined;
  readonly callsOutstanding: number | undefined;
  readonly repliesOwed: number | undefined;
  /** What waits for it. */
  readonly bytesInFlight: number;
  readonly itemsInFlight: number;
  readonly descriptorsInFlight: number;
  readonly messagesIn: number;
  readonly messagesOut: number;
  /** For how long it has not taken what waits for it. */
  readonly blockedMs: number | undefined;
}

/** What one peer holds of one node. */
export interface HandleInfo {
  readonly holder: PeerName;
  /** `undefined` where it is not known, or not the asker's business. */
  readonly owner: PeerName | undefined;
  /** The node's id on its transport. */
  readonly nodeId: string;
  /** Its label: `service web`, for example. */
  readonly node: string | undefined;
  /** The service that it is an object of. */
  readonly service: string | undefined;
  /** Rights of a control object. */
  readonly rights: Rights | undefined;
  /** Handles and clones, those inside messages on their way to the holder included. */
  readonly count: number;
  /** Messages and calls that were sent with it. */
  readonly uses: number;
  readonly ageMs: number;
  readonly bytesInFlight: number;
  readonly descriptorsInFlight: number;
  /** The user whose quota it counts in. */
  readonly payerUid: number;
  readonly payerUser: string | undefined;
  /** The node is gone, and the holder has not let go. */
  readonly isGone: boolean;
}

export interface QuotaShare {
  readonly uid: number;
  readonly user: string | undefined;
  readonly used: number;
}

export interface QuotaInfo {
  readonly resource: string;
  readonly used: number;
  /** `undefined`: the user as a whole has none. */
  readonly limit: number | undefined;
  /** Who uses it up, the largest first. */
  readonly shares: readonly QuotaShare[];
}

/** One user of a transport. */
export interface AccountInfo {
  readonly transport: string;
  readonly uid: number;
  readonly user: string | undefined;
  readonly peers: number;
  readonly quotas: readonly QuotaInfo[];
}

export interface TransportMeasures {
  readonly name: string;
  readonly peers: number;
  readonly nodes: number;
  readonly handles: number;
  readonly callsOutstanding: number;
  readonly bytesInFlight: number;
  readonly itemsInFlight: number;
  readonly descriptorsInFlight: number;
  /** Since the broker started. */
  readonly messages: number;
  readonly calls: number;
  readonly replies: number;
  readonly repliesLost: number;
  readonly nodesGone: number;
  readonly nodesUnused: number;
  readonly writables: number;
  readonly refusals: readonly { readonly code: string; readonly count: number }[];
  readonly monitorLost: number;
}

/** The manager's numbers. None of them is about one peer or one service. */
export interface Measures {
  readonly transports: readonly TransportMeasures[];
  readonly services: readonly {
    readonly state: ServiceState;
    readonly isFailed: boolean;
    readonly count: number;
  }[];
  readonly serviceRestarts: number;
  readonly brokerRestarts: number;
  readonly startedMs: number;
  readonly uptimeMs: number;
  readonly cpuMs: number;
  readonly residentBytes: number;
  readonly heapBytes: number;
  readonly descriptors: number;
  readonly descriptorsMax: number;
  readonly eventLoopDelayMs: number;
  readonly logBytes: number;
  readonly monitors: number;
}

export function whichShape(which: Which, kinds: readonly PassedKind[] = []): WhichShape {
  const { pids = [], programs = [], uids = [], services = [], nodes = [], transports = [] } = which;
  return {
    pids: [...pids],
    programs: [...programs],
    uids: [...uids],
    services: [...services],
    nodes: [...nodes],
    transports: [...transports],
    kinds: kinds.map((kind) => passedWords.indexOf(kind)),
  };
}

export function peerNameFrom(wire: PeerNameShape): PeerName {
  return {
    transport: wire.transport ?? '',
    id: wire.id ?? 0,
    pid: wire.pid ?? 0,
    uid: wire.uid ?? 0,
    program: wire.program || undefined,
    user: wire.user || undefined,
    isManager: wire.isManager ?? false,
  };
}

/** Rights are told plus one, so that 0 is none. */
function rightsFrom(number: number | null | undefined): Rights | undefined {
  return number ? rightsWords[number - 1] : undefined;
}

export function peerFrom(wire: PeerEntryShape): PeerInfo {
  return {
    ...peerNameFrom(wire.peer ?? {}),
    ageMs: wire.ageMs ?? 0,
    rights: rightsFrom(wire.rights),
    nodes: wire.nodes ?? undefined,
    handles: wire.handles ?? undefined,
    callsOutstanding: wire.callsOutstanding ?? undefined,
    repliesOwed: wire.repliesOwed ?? undefined,
    bytesInFlight: wire.bytesInFlight ?? 0,
    itemsInFlight: wire.itemsInFlight ?? 0,
    descriptorsInFlight: wire.descriptorsInFlight ?? 0,
    messagesIn: wire.messagesIn ?? 0,
    messagesOut: wire.messagesOut ?? 0,
    blockedMs: wire.blockedMs ?? undefined,
  };
}

export function handleFrom(wire: HandleEntryShape): HandleInfo {
  return {
    holder: peerNameFrom(wire.holder ?? {}),
    owner: wire.owner ? peerNameFrom(wire.owner) : undefined,
    nodeId: wire.nodeId ?? '',
    node: wire.node || undefined,
    service: wire.service || undefined,
    rights: rightsFrom(wire.rights),
    count: wire.count ?? 0,
    uses: wire.uses ?? 0,
    ageMs: wire.ageMs ?? 0,
    bytesInFlight: wire.bytesInFlight ?? 0,
    descriptorsInFlight: wire.descriptorsInFlight ?? 0,
    payerUid: wire.payerUid ?? 0,
    payerUser: wire.payerUser || undefined,
    isGone: wire.isGone ?? false,
  };
}

export function accountFrom(wire: AccountEntryShape): AccountInfo {
  return {
    transport: wire.transport ?? '',
    uid: wire.uid ?? 0,
    user: wire.user || undefined,
    peers: wire.peers ?? 0,
    quotas: (wire.quotas ?? []).map(({ resource, used, limit, shares }) => ({
      resource: resource ?? '',
      used: used ?? 0,
      limit: limit || undefined,
      shares: (shares ?? []).map((share) => ({
        uid: share.uid ?? 0,
        user: share.user || undefined,
        used: share.used ?? 0,
      })),
    })),
  };
}

function transportFrom(wire: TransportMeasuresShape): TransportMeasures {
  return {
    name: wire.name ?? '',
    peers: wire.peers ?? 0,
    nodes: wire.nodes ?? 0,
    handles: wire.handles ?? 0,
    callsOutstanding: wire.callsOutstanding ?? 0,
    bytesInFlight: wire.bytesInFlight ?? 0,
    itemsInFlight: wire.itemsInFlight ?? 0,
    descriptorsInFlight: wire.descriptorsInFlight ?? 0,
    messages: wire.messages ?? 0,
    calls: wire.calls ?? 0,
    replies: wire.replies ?? 0,
    repliesLost: wire.repliesLost ?? 0,
    nodesGone: wire.nodesGone ?? 0,
    nodesUnused: wire.nodesUnused ?? 0,
    writables: wire.writables ?? 0,
    refusals: (wire.refusals ?? []).map(({ code, count }) => ({
      code: errorName(code ?? 0),
      count: count ?? 0,
    })),
    monitorLost: wire.monitorLost ?? 0,
  };
}

export function measuresFrom(wire: MeasuresShape): Measures {
  return {
    transports: (wire.transports ?? []).map(transportFrom),
    services: (wire.services ?? []).map(({ state, isFailed, count }) => ({
      state: word(stateWords, state ?? 0, 'stopped'),
      isFailed: isFailed ?? false,
      count: count ?? 0,
    })),
    serviceRestarts: wire.serviceRestarts ?? 0,
    brokerRestarts: wire.brokerRestarts ?? 0,
    startedMs: wire.startedWallMs ?? 0,
    uptimeMs: wire.uptimeMs ?? 0,
    cpuMs: wire.cpuMs ?? 0,
    residentBytes: wire.residentBytes ?? 0,
    heapBytes: wire.heapBytes ?? 0,
    descriptors: wire.descriptors ?? 0,
    descriptorsMax: wire.descriptorsMax ?? 0,
    eventLoopDelayMs: wire.eventLoopDelayMs ?? 0,
    logBytes: wire.logBytes ?? 0,
    monitors: wire.monitors ?? 0,
  };
}
