"""The view of one article: an empty frame that the script fills."""

ARTICLE = """<main id="article" hidden>
<nav class="crumbs" aria-label="Articles"><a href="#" id="back">← All articles</a>
<span><a id="previous">↑ Previous</a> <a id="next">↓ Next</a></span></nav>
<header><h1 id="name" tabindex="-1"></h1><p id="meaning"></p></header>
<dl class="facts" id="facts"></dl>
<div id="notes"></div>
<div class="columns" id="body">
<section aria-labelledby="text-heading"><h2 id="text-heading">Text</h2>
<ul class="legend" aria-label="Kinds of sentence">
<li><b class="shade-key shade-key-claim">C</b> claim</li>
<li><b class="shade-key shade-key-repeat">R</b> <span class="shade-repeat">repeat</span></li>
<li><b class="shade-key shade-key-generic">G</b> <span class="shade-generic">generic</span></li>
<li><b class="shade-key shade-key-boilerplate">B</b> <span class="shade-boilerplate">boilerplate</span></li>
<li><b class="shade-key shade-key-heading">H</b> <span class="shade-heading">heading</span></li>
</ul>
<div class="strip" id="strip" aria-hidden="true"></div>
<p class="aside hint">Point at a sentence to see why. With the keyboard: Tab into the text, then the arrow keys.</p>
<div id="text"></div>
<details id="listing"><summary>All sentences as a list, with their reasons</summary><div></div></details>
</section>
<aside aria-label="Reasons">
<section aria-labelledby="why-heading"><h2 id="why-heading">Why this score</h2><div id="why"></div></section>
<details id="machine"><summary>Why this machine score</summary><div></div></details>
<details id="input"><summary>Input fields</summary><dl></dl></details>
</aside>
</div>
</main>"""
