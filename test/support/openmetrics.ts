/**
 * A strict reader of the OpenMetrics 1.0 text format, as far as this project writes it: gauges and counters. It throws, with the
 * line, for whatever a collector could stumble over.
 */

export interface MetricSample {
  readonly name: string;
  readonly labels: ReadonlyMap<string, string>;
  readonly value: number;
}

export interface MetricFamily {
  readonly name: string;
  readonly type: 'gauge' | 'counter';
  readonly help: string;
  readonly samples: readonly MetricSample[];
}

const namePattern = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/;
const labelPattern = /([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\["\\n])*)"/y;
const samplePattern = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(\{.*\})? (\S+)$/;
const valuePattern = /^[+-]?(\d+(\.\d+)?([eE][+-]?\d+)?|Inf|NaN)$/;

class Reader {
  readonly #families = new Map<
    string,
    { type: 'gauge' | 'counter'; help: string; samples: MetricSample[] }
  >();
  readonly #seen = new Set<string>();
  #current = '';
  #help = '';

  read(text: string): MetricFamily[] {
    if (!text.endsWith('\n# EOF\n')) throw new Error('the text does not end with "# EOF" and a newline');
    const lines = text.slice(0, -'# EOF\n'.length).split('\n').slice(0, -1);
    for (const line of lines) this.#line(line);
    return [...this.#families].map(([name, family]) => {
      if (family.samples.length === 0) throw new Error(`family ${name} has no sample`);
      return { name, ...family };
    });
  }

  #line(line: string): void {
    if (line.startsWith('# HELP ')) this.#helpLine(line);
    else if (line.startsWith('# TYPE ')) this.#typeLine(line);
    else this.#sample(line);
  }

  #helpLine(line: string): void {
    const [, name = '', help = ''] = /^# HELP (\S+) (.+)$/.exec(line) ?? [];
    if (!namePattern.test(name) || this.#families.has(name)) throw new Error(`bad or repeated HELP: ${line}`);
    this.#current = name;
    this.#help = help;
  }

  #typeLine(line: string): void {
    const [, name = '', type = ''] = /^# TYPE (\S+) (\S+)$/.exec(line) ?? [];
    if (name !== this.#current || this.#families.has(name))
      throw new Error(`TYPE does not follow its HELP: ${line}`);
    if (type !== 'gauge' && type !== 'counter') throw new Error(`a type that is not expected: ${line}`);
    if (name.endsWith('_total')) throw new Error(`a family's name does not end in _total: ${line}`);
    this.#families.set(name, { type, help: this.#help, samples: [] });
  }

  #sample(line: string): void {
    const [, name = '', labelText = '', valueText = ''] = samplePattern.exec(line) ?? [];
    const family = this.#families.get(this.#current);
    if (family === undefined) throw new Error(`a line that belongs to no family: ${line}`);
    const wanted = family.type === 'counter' ? `${this.#current}_total` : this.#current;
    if (name !== wanted) throw new Error(`a sample of ${this.#current} is called ${name}: ${line}`);
    if (!valuePattern.test(valueText)) throw new Error(`not a number: ${line}`);
    const value = Number(valueText);
    if (family.type === 'counter' && !(value >= 0)) throw new Error(`a counter below zero: ${line}`);
    const key = name + labelText;
    if (this.#seen.has(key)) throw new Error(`a sample that was there before: ${line}`);
    this.#seen.add(key);
    family.samples.push({ name, labels: labelsOf(labelText, line), value });
  }
}

function labelsOf(text: string, line: string): Map<string, string> {
  const labels = new Map<string, string>();
  if (text === '') return labels;
  const inside = text.slice(1, -1);
  for (let at = 0; at < inside.length; at = labelPattern.lastIndex + 1) {
    labelPattern.lastIndex = at;
    const [, name = '', value = ''] = labelPattern.exec(inside) ?? [];
    if (name === '' || labels.has(name)) throw new Error(`bad or repeated label: ${line}`);
    const next = inside[labelPattern.lastIndex];
    if (next !== undefined && next !== ',') throw new Error(`labels are not apart: ${line}`);
    labels.set(name, value);
  }
  return labels;
}

/** The families of a text. Throws for a text that is not of the format. */
export function readOpenMetrics(text: string): readonly MetricFamily[] {
  return new Reader().read(text);
}
