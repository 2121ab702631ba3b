from tillit.conf.cli import main

main()
