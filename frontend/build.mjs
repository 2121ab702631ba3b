// Builds the console's style sheet, scripts and icon sprite into tillit/console/static/built.
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import * as esbuild from "esbuild";
import * as sass from "sass";

const here = dirname(fileURLToPath(import.meta.url));
const target = join(here, "..", "tillit", "console", "static", "built");
// Built beside and then put in place, so that a fault in a source leaves the last good build where it is.
const built = join(target, "..", ".built");

await rm(built, { recursive: true, force: true });
await mkdir(built, { recursive: true });

/** Compile SCSS, whose imports of npm packages are looked up in node_modules. */
const scss = {
  name: "scss",
  setup(build) {
    build.onLoad({ filter: /\.scss$/ }, ({ path }) => {
      const { css } = sass.compile(path, {
        loadPaths: [join(here, "node_modules")],
        quietDeps: true,
        silenceDeprecations: ["import", "global-builtin"],
        url: pathToFileURL(path),
      });
      return { contents: css, loader: "css", resolveDir: dirname(path) };
    });
  },
};

const shared = {
  absWorkingDir: here,
  bundle: true,
  minify: true,
  legalComments: "none",
  target: ["es2022", "chrome120", "firefox121", "safari17.4"],
  logLevel: "warning",
};
await esbuild.build({ ...shared, entryPoints: { console: "src/console.ts" }, outdir: built, format: "iife" });
await esbuild.build({ ...shared, entryPoints: { charts: "src/charts.ts", policy: "src/policy.ts" }, outdir: built, format: "esm" });
await esbuild.build({
  ...shared,
  entryPoints: { console: "src/console.scss" },
  outdir: built,
  plugins: [scss],
  loader: { ".woff2": "file" },
  assetNames: "fonts/[name]",
});

/** One sprite with the icons named in src/icons.txt: `outline` unless the line says `filled`. */
async function sprite() {
  const names = (await readFile(join(here, "src", "icons.txt"), "utf8")).split("\n").filter((line) => line && !line.startsWith("#"));
  const symbols = await Promise.all(names.map(symbol));
  return `<svg xmlns="http://www.w3.org/2000/svg">${symbols.join("")}</svg>\n`;
}

async function symbol(name) {
  const file = join(join(here, "node_modules", "@tabler", "icons"), "icons", "outline", `${name}.svg`);
  const text = await readFile(file, "utf8").catch(() => {
    throw new Error(`src/icons.txt names “${name}”, which is no Tabler icon (see tabler.io/icons).`);
  });
  const shapes = text.slice(text.indexOf(">", text.indexOf("<svg")) + 1, text.lastIndexOf("</svg>"));
  return `<symbol id="${name}" viewBox="0 0 24 24">${shapes.replace(/\s*\n\s*/g, "").replace('<path stroke="none" d="M0 0h24v24H0z" fill="none"/>', "")}</symbol>`;
}

await writeFile(join(built, "icons.svg"), await sprite());
await rm(target, { recursive: true, force: true });
await rename(built, target);
