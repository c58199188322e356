/** The supervisor: turns the engine's actions into requests to init, and what init tells into the engine's events. */
export type * from './api.js';
export type { EventStamp, Stamped, SubscribeOptions, Subscription } from './event-stream.js';
export type { LogExtract, LogLine } from './log-buffer.js';
