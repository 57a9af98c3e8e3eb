from monitor.library import analyze as analyze
from monitor.library import follow as follow

__version__: str
