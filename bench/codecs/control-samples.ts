/**
 * One message of every kind that the control objects exchange, with values as a running manager has them. This is the only place that
 * makes them: whoever adds a method, a result, a kind of event or a field to control.proto adds its sample here, or a test fails
 * (test/bench/codecs.test.ts reads the schema).
 */
import {
  Activity,
  DependencyKind,
  EventKind,
  type EventShape,
  ExitKind,
  type PassedItemShape,
  PassedKind,
  type PeerNameShape,
  type Request,
  type RequestShape,
  type Response,
  type ResponseShape,
  Rights,
  ServiceType,
  State,
  type StatusShape,
  StopReason,
  type WhichShape,
} from '../../broker/contract/control.js';
import { ErrorCode } from '../../broker/contract/errors.js';

const wallMs = 1_790_000_000_123;

const status: StatusShape = {
  name: 'web-server',
  state: State.STATE_STARTED,
  desired: State.STATE_STARTED,
  pid: 4711,
  sinceWallMs: wallMs,
  type: ServiceType.TYPE_PROCESS,
  isExplicit: true,
  file: '/etc/capstan.d/web-server',
};

const exit = { kind: ExitKind.NOT_EXECUTED, code: 2, stage: 'exec' };

/** One that has failed, has said much of itself and waits: every field that a status can have. */
const fullStatus: StatusShape = {
  ...status,
  name: 'database',
  stopReason: StopReason.STOP_WATCHDOG,
  exit,
  isPinnedStarted: true,
  isPinnedStopped: true,
  waitsFor: ['service storage is starting', 'the console is in use by service shell'],
  startSkipped: true,
  hasConsole: true,
  waitsForConsole: true,
  file: '/etc/capstan.d/database',
  isFailed: true,
  restarts: 3,
  failure: 'no sign of life in 30 s',
  stopPid: 4713,
  statusText: 'recovering, 42 % done',
  activity: Activity.ACTIVITY_RELOADING,
  saidErrno: 28,
  saidExit: 75,
  lastFailure: {
    reason: StopReason.STOP_EXEC_FAILED,
    text: 'exec: no such file',
    wallMs: wallMs - 60_000,
    exit,
  },
};

const which: WhichShape = {
  pids: [4711],
  programs: ['web-server'],
  uids: [1000],
  services: ['database'],
  nodes: ['service database'],
  transports: ['bus', 'sockets'],
  kinds: [PassedKind.PASSED_CALL, PassedKind.PASSED_REPLY],
};

const page = { after: 'bus:17', count: 100, which };

/** The calls, by the names of their methods. */
const requests: Readonly<Record<NonNullable<Request['method']>, RequestShape>> = {
  ping: { ping: {} },
  status: { deadlineMs: 1000, status: {} },
  facet: { facet: { rights: Rights.RIGHTS_CONTROL } },
  subscribe: { subscribe: { states: true, logs: true, current: true } },
  find: { find: { name: 'web-server', load: true } },
  list: { list: { after: 'service-099', count: 100 } },
  shutdown: { shutdown: { wait: true } },
  start: { deadlineMs: 30_000, start: { wait: true, pin: true } },
  stop: { deadlineMs: 30_000, stop: { wait: true, pin: true, force: true } },
  restart: { deadlineMs: 30_000, restart: { wait: true, force: true } },
  wake: { wake: { wait: true, pin: true } },
  release: { release: { wait: true } },
  unpin: { unpin: {} },
  log: { log: { after: 1024, linesMax: 100, clear: true } },
  dependencies: { dependencies: { dependents: true, skip: 64 } },
  signal: { signal: { number: 15 } },
  unload: { unload: {} },
  peers: { peers: page },
  handles: { handles: page },
  accounts: { accounts: page },
  measure: { measure: {} },
  monitor: { monitor: { which, bytes: 256 } },
};

const line = { number: 1025, wallMs, text: '192.0.2.7 GET /index.html 200 5120 0.004' };
const manager: PeerNameShape = {
  transport: 'bus',
  id: 1,
  pid: 812,
  program: 'capstan',
  user: 'root',
  isManager: true,
};
const peer: PeerNameShape = {
  transport: 'bus',
  id: 17,
  pid: 4711,
  uid: 1000,
  program: 'web-server',
  user: 'www',
};

const measures: ResponseShape['measures'] = {
  transports: ['bus', 'sockets', 'datagram'].map((name) => ({
    name,
    peers: 12,
    nodes: 40,
    handles: 230,
    callsOutstanding: 3,
    bytesInFlight: 4096,
    itemsInFlight: 5,
    descriptorsInFlight: 1,
    messages: 1_500_000,
    calls: 700_000,
    replies: 699_990,
    repliesLost: 7,
    nodesGone: 31,
    nodesUnused: 18,
    writables: 4,
    refusals: [{ code: ErrorCode.OverQuota, count: 4 }],
    monitorLost: 2,
  })),
  services: [
    { state: State.STATE_STARTED, count: 38 },
    { state: State.STATE_STOPPED, isFailed: true, count: 2 },
  ],
  serviceRestarts: 5,
  brokerRestarts: 1,
  startedWallMs: wallMs,
  uptimeMs: 86_400_000,
  cpuMs: 51_300,
  residentBytes: 61_000_000,
  heapBytes: 12_000_000,
  descriptors: 74,
  descriptorsMax: 65_536,
  eventLoopDelayMs: 0.4,
  logBytes: 655_360,
  monitors: 1,
};

const accounts: ResponseShape['accounts'] = {
  accounts: [
    {
      transport: 'bus',
      uid: 1000,
      user: 'www',
      peers: 4,
      quotas: ['bytes', 'handles', 'descriptors', 'nodes'].map((resource) => ({
        resource,
        used: 120,
        limit: 65_536,
        shares: [{ uid: 1001, user: 'db', used: 100 }],
      })),
    },
  ],
  next: 'bus:1000',
};

const peers: ResponseShape['peers'] = {
  peers: Array.from({ length: 10 }, (_, at) => ({
    peer: { ...peer, id: 17 + at },
    ageMs: 3_600_000,
    rights: 2,
    nodes: 4,
    handles: 20,
    callsOutstanding: 1,
    repliesOwed: 2,
    bytesInFlight: 4096,
    itemsInFlight: 3,
    descriptorsInFlight: 1,
    messagesIn: 12_345,
    messagesOut: 54_321,
    blockedMs: 12,
  })),
  next: 'bus:27',
};

const handles: ResponseShape['handles'] = {
  handles: Array.from({ length: 10 }, (_, at) => ({
    holder: { ...peer, id: 17 + at },
    owner: manager,
    nodeId: `0.${at}`,
    node: 'service web-server',
    service: 'web-server',
    rights: 2,
    count: 1,
    uses: 321,
    ageMs: 3_600_000,
    bytesInFlight: 64,
    descriptorsInFlight: 1,
    payerUid: 1000,
    payerUser: 'www',
    isGone: true,
  })),
  next: 'bus:27',
};

/** The answers, by the names of their results. */
const responses: Readonly<Record<NonNullable<Response['result']>, ResponseShape>> = {
  done: { done: {} },
  status: { status },
  error: {
    error: {
      code: ErrorCode.BadDescription,
      message: 'unknown setting "restrat"',
      where: '/etc/capstan.d/web-server:7:1',
      names: ['web-server'],
    },
  },
  info: {
    info: {
      version: '1.0.0',
      protocol: 1,
      pid: 812,
      uptimeMs: 86_400_000,
      startedWallMs: wallMs,
      transport: 'bus',
      mode: 'system',
      serviceDirectories: ['/etc/capstan.d', '/usr/lib/capstan.d'],
      socket: '/run/capstan/control',
      brokerRestarts: 1,
      services: 40,
      servicesActive: 38,
      isShuttingDown: true,
      rights: Rights.RIGHTS_MANAGE,
    },
  },
  list: { list: { services: numberedStatuses(10), more: true } },
  dependencies: {
    dependencies: {
      entries: ['storage', 'network', 'log'].map((name) => ({
        name,
        kind: DependencyKind.DEPENDENCY_WAITS_FOR,
        state: State.STATE_STARTED,
      })),
      more: true,
    },
  },
  log: {
    log: {
      lines: Array.from({ length: 20 }, (_, at) => ({ ...line, number: 1025 + at })),
      unfinished: 'starting up',
      dropped: 400,
      more: true,
    },
  },
  found: { found: { status } },
  outcome: { outcome: { state: State.STATE_STARTED, already: true, pid: 4711 } },
  peers: { peers },
  handles: { handles },
  accounts: { accounts },
  measures: { measures },
};

function numberedStatuses(count: number): StatusShape[] {
  return Array.from({ length: count }, (_, at) => ({ ...status, name: `service-${at}` }));
}

/** Sizes that the kinds alone do not show. */
const moreResponses: Readonly<Record<string, ResponseShape>> = {
  'status, every field': { status: fullStatus },
  'list of 100': { list: { services: numberedStatuses(100) } },
};

/** Events, by their kinds. */
const events: Readonly<Record<keyof typeof EventKind, EventShape>> = {
  EVENT_CURRENT: { status },
  EVENT_STARTED: { status },
  EVENT_STOPPED: { status: { ...status, state: State.STATE_STOPPED, desired: State.STATE_STOPPED, pid: 0 } },
  EVENT_START_FAILED: { status: fullStatus },
  EVENT_START_CANCELLED: { status },
  EVENT_STOP_CANCELLED: { status },
  EVENT_STATE: { status: { ...status, state: State.STATE_STARTING } },
  EVENT_LOG: { name: 'web-server', line },
  EVENT_NOTE: { status, message: 'restarted after 2 s' },
  EVENT_LOADED: { status },
  EVENT_UNLOADED: { status },
  EVENT_SHUTDOWN: {},
  EVENT_EXIT: { name: 'web-server', pid: 4711, exit: { kind: ExitKind.SIGNALLED, code: 9 } },
  EVENT_SAID: { status: { ...status, statusText: 'ready for connections' } },
};

const passed: PassedItemShape = {
  wallMs,
  transport: 'bus',
  sequence: 1_500_001,
  sender: peer,
  receiver: manager,
  nodeId: '0.4',
  node: 'service web-server',
  bytes: 64,
  handles: 1,
  descriptors: 1,
};

/** What monitors are told, by its kinds. */
const passedItems: Readonly<Record<keyof typeof PassedKind, PassedItemShape>> = {
  PASSED_MESSAGE: { ...passed, payload: Uint8Array.from({ length: 64 }, (_, at) => at) },
  PASSED_CALL: { ...passed, payload: Uint8Array.from({ length: 64 }, (_, at) => at) },
  PASSED_REPLY: { ...passed, latencyMs: 0.21 },
  PASSED_REPLY_LOST: { ...passed, code: ErrorCode.ReplyLost, latencyMs: 12.5 },
  PASSED_NODE_GONE: { wallMs, transport: 'bus', receiver: peer, nodeId: '0.4' },
  PASSED_NODE_UNUSED: { wallMs, transport: 'bus', receiver: manager, nodeId: '0.4' },
  PASSED_WRITABLE: { wallMs, transport: 'bus', receiver: peer, nodeId: '0.4' },
  PASSED_REFUSED: {
    ...passed,
    code: ErrorCode.OverQuota,
    blamedResource: 'bytes',
    blamedUid: 1000,
    blamedUser: 'www',
  },
};

/** Which of the schema's four outermost messages. */
export type Envelope = 'Request' | 'Response' | 'Events' | 'Passed';

export interface ControlSample {
  readonly envelope: Envelope;
  /** The method, the result or the kind, as the schema calls it; with what is special behind it, after a comma. */
  readonly kind: string;
  readonly message: object;
}

function samplesOf(envelope: Envelope, byKind: Readonly<Record<string, object>>): ControlSample[] {
  return Object.entries(byKind).map(([kind, message]) => ({ envelope, kind, message }));
}

function eventsOf(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(events).map(([name, event]) => {
      const kind = EventKind[name as keyof typeof EventKind];
      return [name, { events: [{ kind, wallMs, sequence: 88_001, ...event }], lost: 1 }];
    }),
  );
}

function passedOf(): Record<string, object> {
  return Object.fromEntries(
    Object.entries(passedItems).map(([name, item]) => {
      const kind = PassedKind[name as keyof typeof PassedKind];
      return [name, { items: [{ kind, ...item }], lost: 3, isShuttingDown: true }];
    }),
  );
}

export const controlSamples: readonly ControlSample[] = [
  ...samplesOf('Request', requests),
  ...samplesOf('Response', responses),
  ...samplesOf('Response', moreResponses),
  ...samplesOf('Events', eventsOf()),
  ...samplesOf('Passed', passedOf()),
];
