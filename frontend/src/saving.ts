/** A chart as a file: buttons `<button data-picture="svg|png" data-of="id of the figure" data-name="data-map">`. */
export interface Paper {
  svg: string;
  width: number;
  height: number;
}

const SCALE = 2;

export function saving(figure: HTMLElement, print: () => Paper): void {
  for (const button of document.querySelectorAll<HTMLButtonElement>(`[data-picture][data-of="${CSS.escape(figure.id)}"]`)) {
    button.hidden = false;
    button.onclick = () => void save(print(), button.dataset.picture ?? "svg", button.dataset.name ?? "chart");
  }
}

async function save(paper: Paper, kind: string, name: string): Promise<void> {
  const content = kind === "png" ? await raster(paper) : new Blob([paper.svg], { type: "image/svg+xml" });
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = `${name}.${kind}`;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

async function raster({ svg, width, height }: Paper): Promise<Blob> {
  const picture = new Image();
  picture.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(svg)}`;
  await picture.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [width * SCALE, height * SCALE];
  canvas.getContext("2d")?.drawImage(picture, 0, 0, canvas.width, canvas.height);
  return new Promise((done, fail) => canvas.toBlob((made) => (made ? done(made) : fail(new Error("no picture"))), "image/png"));
}
