// Draws a page's diagrams with Mermaid, which lies beside the book; where it does not, `run` leaves this out, and they stay text.
const texts = document.querySelectorAll("code.language-mermaid");
if (texts.length > 0) {
  const script = document.createElement("script");
  script.src = `${path_to_root}mermaid.min.js`;
  script.onload = () => {
    const isDark = getComputedStyle(document.documentElement).colorScheme.includes("dark");
    mermaid.initialize({ startOnLoad: false, theme: isDark ? "dark" : "default" });
    const nodes = [...texts].map((text) => {
      const drawn = document.createElement("div");
      drawn.textContent = text.textContent;
      text.closest("pre").replaceWith(drawn);
      return drawn;
    });
    mermaid.run({ nodes });
  };
  document.head.append(script);
}
