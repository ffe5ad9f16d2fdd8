#!/usr/bin/env perl
# Applies a mutant (tests/mutants/README.md has the format) to a copy of the sources.
#
#   plant.pl MUTANT TREE
#
# Ends with 1 and one line if what the mutant looks for is not in its file exactly once.
use strict;
use warnings;

my ($mutant, $tree) = @ARGV;
die "usage: plant.pl MUTANT TREE\n" unless defined $tree;
local $/;
open(my $in, '<', $mutant) or die "cannot read $mutant\n";
my $text = <$in>;
my ($head, $find, $replace) = $text =~ /\A(.*?)^find:\n(.*?)^replace:\n(.*)\z/ms
  or die "$mutant: needs the lines find: and replace:\n";
my ($file) = $head =~ /^file: (\S+)$/m or die "$mutant: needs a line file:\n";
open(my $source, '<', "$tree/$file") or die "$mutant: no file $file\n";
my $code = <$source>;
my $count = () = $code =~ /\Q$find\E/g;
die "$mutant: what it looks for is in $file $count times\n" unless $count == 1;
substr($code, index($code, $find), length $find) = $replace;
open(my $out, '>', "$tree/$file") or die "cannot write $file\n";
print $out $code;
