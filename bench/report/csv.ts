/** All cells as comma-separated values (RFC 4180), a line a cell: for spreadsheets and for other programs' statistics. */
import { type ResultLine, variedNames } from '../results/line.js';

const columns = [
  'workload',
  'contender',
  'call',
  'payload_bytes',
  'placement',
  'loop',
  'waiting',
  ...variedNames,
  'p50_us',
  'p90_us',
  'p99_us',
  'p999_us',
  'max_us',
  'per_second',
  'cpu_us_per_message',
  'client_cpu_us_per_message',
  'broker_cpu_us_per_message',
  'per_broker_cpu_second',
  'gc_us_per_message',
  'wait_us_per_message',
  'switches_per_message',
  'baseline',
  'ratio',
  'ratio_low',
  'ratio_high',
  'cold_us',
  'samples',
  'violations',
  'errors',
  'invalid',
  'queue_depth',
  'load_kib',
  'preemption',
  'delivery_faults',
  'runs',
  'inversions',
  'share_low',
  'share_high',
  'property',
  'is_promised',
] as const;

function field(value: unknown): string {
  if (value === null || value === undefined) return '';
  const text = typeof value === 'string' ? value : JSON.stringify(value);
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}

export function cellsCsv(lines: readonly ResultLine[]): string {
  const rows = lines.map((line) => {
    const fields = line as unknown as Readonly<Record<string, unknown>>;
    return columns.map((name) => field(fields[name])).join(',');
  });
  return `${[columns.join(','), ...rows].join('\r\n')}\r\n`;
}
