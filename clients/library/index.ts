/**
 * What applications import: a connection to a manager, its services, and what happens to them.
 */
export {
  BrokerError,
  ErrorCode,
  errorName,
  hasCode,
  type QuotaShortage,
} from '../../broker/contract/index.js';
export { defaultSocket, defaultTransport, transportSocket } from './address.js';
export type { CallOptions } from './caller.js';
export {
  type ConnectOptions,
  connect,
  createTransport,
  type TransportParts,
  type TransportPartsOptions,
  transportParts,
} from './connect.js';
export { ControlError } from './control-error.js';
export { type EventOptions, EventStream } from './events.js';
export { type Facet, type FacetOptions, facet, facetQueueItemsMax } from './facet.js';
export { Feed, type FeedItem } from './feed.js';
export type {
  AccountInfo,
  HandleInfo,
  Measures,
  PeerInfo,
  PeerName,
  QuotaInfo,
  QuotaShare,
  TransportMeasures,
  Which,
} from './introspection.js';
export { Manager } from './manager.js';
export { type MonitorOptions, MonitorStream, type PassedItem } from './monitor.js';
export {
  type ChangeOptions,
  type LogOptions,
  type PinOptions,
  type RestartOptions,
  Service,
  type StopOptions,
} from './service.js';
export type {
  Dependency,
  LogLine,
  ManagerInfo,
  Outcome,
  ServiceEvent,
  ServiceExit,
  ServiceLog,
  ServiceStatus,
} from './status.js';
export type {
  DependencyKind,
  EventKind,
  ExitKind,
  PassedKind,
  Rights,
  ServiceState,
  ServiceType,
  StopReason,
} from './words.js';
