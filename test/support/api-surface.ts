/**
 * The public face of the package as text: for each entry point of `package.json`, the declaration of every exported name as the compiler
 * emitted it. `docs/api.md` keeps it, so a change of the public face is a visible diff.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import ts from 'typescript';
import { projectRoot } from './source-tree.js';

interface PackageJson {
  readonly exports: Readonly<Record<string, { readonly types: string }>>;
}

function declarationText(symbol: ts.Symbol, checker: ts.TypeChecker): string {
  const target = symbol.flags & ts.SymbolFlags.Alias ? checker.getAliasedSymbol(symbol) : symbol;
  const texts = (target.declarations ?? []).map((declaration) => {
    const statement = ts.isVariableDeclaration(declaration) ? declaration.parent.parent : declaration;
    if (ts.isSourceFile(statement)) return `namespace ${symbol.name}: ${moduleNames(target, checker)}`;
    return statement
      .getText()
      .replace(/\/\*\*[\s\S]*?\*\//g, '')
      .replace(/^(export )?(declare )?/, '')
      .replace(/^\s*#private;\n/m, '')
      .replace(/\n\s*\n/g, '\n');
  });
  return texts.join('\n');
}

function moduleNames(module: ts.Symbol, checker: ts.TypeChecker): string {
  return checker
    .getExportsOfModule(module)
    .map((symbol) => symbol.name)
    .sort()
    .join(', ');
}

/** The whole page. */
export function renderApi(): string {
  const { exports } = JSON.parse(readFileSync(join(projectRoot, 'package.json'), 'utf8')) as PackageJson;
  const entries = Object.entries(exports).map(([name, { types }]) => ({
    name: name === '.' ? 'capstan' : `capstan/${name.slice(2)}`,
    file: join(projectRoot, types),
  }));
  const program = ts.createProgram(
    entries.map((entry) => entry.file),
    { module: ts.ModuleKind.NodeNext, moduleResolution: ts.ModuleResolutionKind.NodeNext, types: [] },
  );
  const checker = program.getTypeChecker();
  const parts = entries.map(({ name, file }) => {
    const source = program.getSourceFile(file);
    const module = source === undefined ? undefined : checker.getSymbolAtLocation(source);
    if (module === undefined) throw new Error(`${file} exports nothing; is it built?`);
    const declarations = checker
      .getExportsOfModule(module)
      .sort((a, b) => (a.name < b.name ? -1 : 1))
      .map((symbol) => declarationText(symbol, checker));
    return `## ${name}\n\n\`\`\`ts\n${declarations.join('\n\n')}\n\`\`\`\n`;
  });
  const head =
    '# The public face\n\nEvery name that the package exports, as the compiler declares it; written by `npm run docs:api`, and a test compares.\nThe promises behind them stand in the sources and in [spec/transport.md](spec/transport.md).\n';
  return `${head}\n${parts.join('\n')}`;
}

export const apiPath = join(projectRoot, 'docs', 'api.md');
