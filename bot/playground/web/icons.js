// The page's few drawings, as SVG paths on a 16x16 grid. Each stands beside a word that says the same.

const SVG = "http://www.w3.org/2000/svg";

const PATHS = {
  hash: "M6.2 2 4.8 14M11.2 2 9.8 14M2.5 5.7h11.3M2.2 10.3h11.3",
  lock: "M4 7h8v6.5H4zM5.6 7V5a2.4 2.4 0 0 1 4.8 0v2",
  person: "M8 8.2a2.7 2.7 0 1 0 0-5.4 2.7 2.7 0 0 0 0 5.4ZM2.8 13.8c.6-2.6 2.7-3.8 5.2-3.8s4.6 1.2 5.2 3.8",
  app: "M2.5 2.5h4.4v4.4H2.5zM9.1 2.5h4.4v4.4H9.1zM2.5 9.1h4.4v4.4H2.5zM9.1 9.1h4.4v4.4H9.1z",
  close: "M3.5 3.5l9 9M12.5 3.5l-9 9",
  back: "M9.8 3 4.8 8l5 5",
  check: "M3 8.6 6.4 12 13 4.6",
  cross: "M4.2 4.2l7.6 7.6M11.8 4.2l-7.6 7.6",
  circle: "M8 13.2A5.2 5.2 0 1 0 8 2.8a5.2 5.2 0 0 0 0 10.4Z",
  half: "M8 2.8a5.2 5.2 0 1 1-5.2 5.2",
  eye: "M1.5 8S4 3.8 8 3.8 14.5 8 14.5 8 12 12.2 8 12.2 1.5 8 1.5 8ZM8 9.9a1.9 1.9 0 1 0 0-3.8 1.9 1.9 0 0 0 0 3.8Z",
  file: "M4 1.8h5L12.5 5v9.2H4zM9 1.8V5h3.5",
  send: "M2.2 13.6 14 8 2.2 2.4v4.4L9 8l-6.8 1.2z",
  more: "M3.4 8h.01M8 8h.01M12.6 8h.01",
  outward: "M6.5 3.5h-3v9h9v-3M9 2.8h4.2V7M13 3 7.4 8.6",
  fault: "M8 2.2 14.4 13.4H1.6ZM8 6.4v3.4M8 11.6h.01",
};

/** A drawing that screen readers skip. */
export function icon(name) {
  const svg = document.createElementNS(SVG, "svg");
  for (const [attribute, value] of Object.entries({ viewBox: "0 0 16 16", class: `icon icon-${name}`, "aria-hidden": "true" })) {
    svg.setAttribute(attribute, value);
  }
  const path = document.createElementNS(SVG, "path");
  path.setAttribute("d", PATHS[name]);
  svg.append(path);
  return svg;
}
