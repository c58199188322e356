/**
 * `metrics`: the manager's numbers in the text format of OpenMetrics 1.0, or in the one of Prometheus before it, which the textfile
 * collector of node_exporter reads.
 */
import type { OpenMetricsContentType, PrometheusContentType } from 'prom-client';
import type { Measures, TransportMeasures } from '../../library/introspection.js';
import type { ManagerInfo } from '../../library/status.js';
import type { Json } from '../output.js';
import { type CommandContext, withManager } from '../session.js';

export interface MetricsFlags {
  readonly format: 'openmetrics' | 'prometheus';
}

export function metrics(context: CommandContext, flags: MetricsFlags): Promise<number> {
  const { output } = context;
  return withManager(context, async (manager) => {
    const [info, measures] = [await manager.info(), await manager.measure()];
    if (output.isJson) output.object(measuresJson(info, measures));
    else output.text((await metricsText(info, measures, flags.format)).trimEnd());
    return undefined;
  });
}

/** One number with its labels. */
type Sample = readonly [labels: Readonly<Record<string, string>>, value: number];

interface Family {
  readonly name: string;
  readonly help: string;
  readonly isCounter: boolean;
  readonly samples: readonly Sample[];
}

/** Base units, as both formats want: seconds and bytes. */
export async function metricsText(
  info: ManagerInfo,
  measures: Measures,
  format: MetricsFlags['format'],
): Promise<string> {
  const { Counter, Gauge, Registry } = await import('prom-client');
  const type: OpenMetricsContentType | PrometheusContentType =
    format === 'openmetrics' ? Registry.OPENMETRICS_CONTENT_TYPE : Registry.PROMETHEUS_CONTENT_TYPE;
  const registry = new Registry<OpenMetricsContentType | PrometheusContentType>();
  registry.setContentType(type);
  for (const { name, help, isCounter, samples } of familiesOf(info, measures)) {
    const [first] = samples;
    if (first === undefined) continue;
    const labelNames = Object.keys(first[0]);
    if (isCounter) {
      const counter = new Counter({ name, help, labelNames, registers: [registry] });
      for (const [labels, value] of samples) counter.inc({ ...labels }, value);
    } else {
      const gauge = new Gauge({ name, help, labelNames, registers: [registry] });
      for (const [labels, value] of samples) gauge.set({ ...labels }, value);
    }
  }
  return registry.metrics();
}

function familiesOf(info: ManagerInfo, measures: Measures): Family[] {
  return [...transportFamilies(measures.transports), ...managerFamilies(info, measures)];
}

function transportFamilies(transports: readonly TransportMeasures[]): Family[] {
  const each = (of: (transport: TransportMeasures) => number): Sample[] =>
    transports.map((transport) => [{ transport: transport.name }, of(transport)]);
  const gauge = (name: string, help: string, of: (transport: TransportMeasures) => number): Family => ({
    name: `capstan_${name}`,
    help,
    isCounter: false,
    samples: each(of),
  });
  const counter = (name: string, help: string, samples: readonly Sample[]): Family => ({
    name: `capstan_${name}_total`,
    help,
    isCounter: true,
    samples,
  });
  const notifications = transports.flatMap((transport): Sample[] => [
    [{ transport: transport.name, kind: 'node-gone' }, transport.nodesGone],
    [{ transport: transport.name, kind: 'node-unused' }, transport.nodesUnused],
    [{ transport: transport.name, kind: 'reply-lost' }, transport.repliesLost],
    [{ transport: transport.name, kind: 'writable' }, transport.writables],
  ]);
  const refusals = transports.flatMap((transport) =>
    transport.refusals.map(({ code, count }): Sample => [{ transport: transport.name, code }, count]),
  );
  return [
    gauge('peers', 'Connected peers.', ({ peers }) => peers),
    gauge('nodes', 'Nodes that exist.', ({ nodes }) => nodes),
    gauge('handles', 'Pairs of a peer and a node that it holds.', ({ handles }) => handles),
    gauge(
      'calls_outstanding',
      'Calls that wait for their reply.',
      ({ callsOutstanding }) => callsOutstanding,
    ),
    gauge('in_flight_bytes', 'Bytes accepted and not delivered.', ({ bytesInFlight }) => bytesInFlight),
    gauge(
      'in_flight_items',
      'Messages and replies accepted and not delivered.',
      ({ itemsInFlight }) => itemsInFlight,
    ),
    gauge(
      'in_flight_descriptors',
      'Descriptors accepted and not delivered.',
      (one) => one.descriptorsInFlight,
    ),
    counter(
      'messages',
      'Messages accepted, calls and replies not counted.',
      each(({ messages }) => messages),
    ),
    counter(
      'calls',
      'Calls accepted.',
      each(({ calls }) => calls),
    ),
    counter(
      'replies',
      'Replies accepted.',
      each(({ replies }) => replies),
    ),
    counter('notifications', 'Notifications queued, by kind.', notifications),
    counter('refusals', 'Operations refused, by error code.', refusals),
    counter(
      'monitor_lost_items',
      'Items that monitors were too slow for.',
      each(({ monitorLost }) => monitorLost),
    ),
  ];
}

function managerFamilies(info: ManagerInfo, measures: Measures): Family[] {
  const one = (name: string, help: string, value: number): Family => ({
    name: `capstan_${name}`,
    help,
    isCounter: name.endsWith('_total'),
    samples: [[{}, value]],
  });
  const services = measures.services.map(
    ({ state, isFailed, count }): Sample => [{ state: isFailed ? 'failed' : state }, count],
  );
  return [
    {
      name: 'capstan_build_info',
      help: 'The version of the manager; always 1.',
      isCounter: false,
      samples: [[{ version: info.version, mode: info.mode }, 1]],
    },
    { name: 'capstan_services', help: 'Loaded services, by state.', isCounter: false, samples: services },
    one('service_restarts_total', 'Automatic restarts of services.', measures.serviceRestarts),
    one('broker_restarts_total', 'How often the broker was started again.', measures.brokerRestarts),
    one(
      'start_time_seconds',
      'When the manager was started, in seconds since 1970.',
      measures.startedMs / 1000,
    ),
    one('log_buffer_bytes', 'Bytes in the log buffers of all services.', measures.logBytes),
    one('monitors', 'Monitors that are open.', measures.monitors),
    one('broker_cpu_seconds_total', 'CPU time of the broker.', measures.cpuMs / 1000),
    one('broker_resident_memory_bytes', 'Resident memory of the broker.', measures.residentBytes),
    one('broker_heap_bytes', 'Heap of the broker in use.', measures.heapBytes),
    one('broker_open_descriptors', 'Open descriptors of the broker.', measures.descriptors),
    one(
      'broker_descriptors_max',
      'Descriptors that the broker may have open; 0: no limit.',
      measures.descriptorsMax,
    ),
    one(
      'broker_event_loop_delay_seconds',
      'How late a timer of the broker fired while this was measured.',
      measures.eventLoopDelayMs / 1000,
    ),
  ];
}

function measuresJson(info: ManagerInfo, measures: Measures): Json {
  return {
    version: info.version,
    uptime_ms: measures.uptimeMs,
    transports: measures.transports.map((transport) => ({
      name: transport.name,
      peers: transport.peers,
      nodes: transport.nodes,
      handles: transport.handles,
      calls_outstanding: transport.callsOutstanding,
      bytes_in_flight: transport.bytesInFlight,
      items_in_flight: transport.itemsInFlight,
      descriptors_in_flight: transport.descriptorsInFlight,
      messages: transport.messages,
      calls: transport.calls,
      replies: transport.replies,
      replies_lost: transport.repliesLost,
      nodes_gone: transport.nodesGone,
      nodes_unused: transport.nodesUnused,
      writables: transport.writables,
      refusals: transport.refusals.map(({ code, count }) => ({ code, count })),
      monitor_lost: transport.monitorLost,
    })),
    services: measures.services.map(({ state, isFailed, count }) => ({ state, failed: isFailed, count })),
    service_restarts: measures.serviceRestarts,
    broker_restarts: measures.brokerRestarts,
    started_ms: measures.startedMs,
    cpu_ms: measures.cpuMs,
    resident_bytes: measures.residentBytes,
    heap_bytes: measures.heapBytes,
    descriptors: measures.descriptors,
    descriptors_max: measures.descriptorsMax,
    event_loop_delay_ms: measures.eventLoopDelayMs,
    log_bytes: measures.logBytes,
    monitors: measures.monitors,
  };
}
